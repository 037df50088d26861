# Asks the official CommonRoad checkers about solutions: one line of JSON for each line "scenario<TAB>solution" of stdin.
import gzip, json, os, sys, tempfile, traceback, warnings

warnings.filterwarnings("ignore")
import logging

logging.disable(logging.CRITICAL)
from commonroad.common.file_reader import CommonRoadFileReader
from commonroad.common.solution import CommonRoadSolutionReader
from commonroad_dc.costs.evaluation import CostFunctionEvaluator
from commonroad_dc.feasibility import solution_checker as checker


def opened(path):
    if not path.endswith(".gz"):
        return CommonRoadFileReader(path).open()
    with tempfile.NamedTemporaryFile(suffix=".xml", delete=False) as f:
        f.write(gzip.open(path).read())
    try:
        return CommonRoadFileReader(f.name).open()
    finally:
        os.unlink(f.name)


def says(check):
    try:
        return bool(check()), ""
    except checker.SolutionCheckerException as e:
        return False, type(e).__name__
    except Exception as e:
        return False, "%s: %s" % (type(e).__name__, str(e)[:200])


def faults(scenario, problems, solution):
    checks = {
        "solved": lambda: checker.solved_all_problems(problems, solution),
        "goal": lambda: checker.goal_reached(scenario, problems, solution),
        "start": lambda: checker.starts_at_correct_state(solution, problems),
        "free": lambda: not checker.obstacle_collision(scenario, problems, solution),
        "road": lambda: not checker.boundary_collision(scenario, problems, solution),
        "feasible": lambda: all(r[0] for r in checker.solution_feasible(solution, scenario.dt, problems).values()),
    }
    for name, check in checks.items():
        ok, said = says(check)
        if not ok:
            yield name + " " + said


for line in sys.stdin:
    scenario_path, solution_path = line.rstrip("\n").split("\t")
    out = {"solution": os.path.basename(solution_path)}
    try:
        scenario, problems = opened(scenario_path)
        solution = CommonRoadSolutionReader.open(solution_path)
        out["valid"], said = says(lambda: checker.valid_solution(scenario, problems, solution)[0])
        out["why"] = ""
        if not out["valid"]:
            out["why"] = "; ".join(faults(scenario, problems, solution)) or said
        try:
            out["cost"] = float(CostFunctionEvaluator.init_from_solution(solution).evaluate_solution(scenario, problems, solution).total_costs)
        except Exception as e:
            out["cost_why"] = "%s: %s" % (type(e).__name__, str(e)[:200])
    except Exception:
        out["valid"], out["why"] = False, traceback.format_exc()[-400:]
    print("JUDGED " + json.dumps(out), flush=True)
