"""Runs one grid of the public JRC-FSM simulator, its models as they are or with ours in the first one's place.

usage: driver.py SOURCE GRID theirs|ours FIRST-FD

SOURCE is a checkout of github.com/ec-jrc/JRC-FSM, which stays as it is; GRID is car_following, cut_out, cut_in_low or
cut_in_high. Nothing of the simulator is changed: its own loops run, its own step moves the vehicles, its own files say
who crashed. A wrapper around the step watches how hard each model brakes. With "ours", the functions the loop calls for
its first model ask the program at the other end of the pipe, the reaction time, the jerk and the strongest brake stay
those of the simulator's RSS model, and the loop ends when the second model's turn comes.

Records go to FIRST-FD: 'a' and 13 doubles asks for a brake, answered by one double on the standard input; 'r' and a
length is followed by the results as JSON.
"""

import json
import math
import os
import struct
import sys
import tempfile

source, grid, whose, out = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
sys.path.insert(0, source)
sys.dont_write_bytecode = True
import warnings

warnings.simplefilter("ignore")
import pandas
from utility import comparison_car_following, comparison_cut_in, comparison_cut_out
from utility import models, movement

FREQ = 10


class OurTurnIsOver(Exception):
    pass


def send(data):
    while data:
        data = data[os.write(out, data):]


def receive(n):
    data = b""
    while len(data) < n:
        part = os.read(0, n - len(data))
        if not part:
            raise SystemExit("nobody answers")
        data += part
    return data


class Ours:
    """The shield, as a model of the simulator."""

    def __init__(self):
        self.ego = None
        self.begun = -1

    def check(self, ego, other, speed, sideways, freq, i):
        if ego.crash:
            return True
        fresh = ego is not self.ego
        if fresh:
            self.ego, self.begun = ego, i
        late = max(ego.RSS_rt_counter, 0.0)
        send(b"a" + struct.pack(
            "<13d", 1.0 if fresh else 0.0, (i - self.begun) / FREQ, late, ego.deceleration, speed,
            ego.pos_profile_long[i], ego.pos_profile_lat[i], other.pos_profile_long[i], other.pos_profile_lat[i],
            other.speed_profile_long[i], other.speed_profile_lat[i], ego.length, ego.width))
        ego.asked = struct.unpack("<d", receive(8))[0]
        return ego.asked <= 0

    def react(self, ego, speed, freq):
        strongest = ego.RSS_max_deceleration
        ego.RSS_max_deceleration = min(ego.asked, strongest)
        try:
            return models.RSS_react(ego, speed, freq)
        finally:
            ego.RSS_max_deceleration = strongest

    def distance(self, imaginary, speed):
        send(b"d" + struct.pack("<d", speed))
        return struct.unpack("<d", receive(8))[0]


def stop(*_):
    raise OurTurnIsOver


names = {}
if whose == "ours":
    ours = Ours()
    models.FSM_check_safety, models.FSM_react, models.FSM_distance = ours.check, ours.react, ours.distance
    models.CC_check_safety = models.CC_check_safety_cut_in = models.CC_distance = stop
    names["check"] = "shield"
for function, name in (("FSM_check_safety", "FSM"), ("CC_check_safety", "CC"), ("CC_check_safety_cut_in", "CC"),
                       ("RSS_check_safety", "RSS"), ("Reg157_check_safety_cut_in", "Reg157")):
    names.setdefault(function, name)

hardest = {}  # of each model: the strongest brake of each case
current = [None, None, 0.0]  # ego, model, its strongest brake so far
step = movement.control


def close():
    ego, model, brake = current
    if ego is not None:
        hardest.setdefault(model, []).append((bool(ego.crash), brake))


def watched(ego, other, freq, check, react, i):
    if ego is not current[0]:
        close()
        current[:] = [ego, names.get(check.__name__), 0.0]
    before = ego.speed_profile_long[i]
    step(ego, other, freq, check, react, i)
    if not ego.crash:
        current[2] = max(current[2], (before - ego.speed_profile_long[i + 1]) * freq)


movement.control = watched

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.makedirs("results/cut_in_high_speed")
    os.makedirs("results/cut_in_low_speed")
    sys.stdout = open(os.devnull, "w")
    try:
        if grid == "car_following":
            comparison_car_following.run_loop()
        elif grid == "cut_out":
            comparison_cut_out.run_loop()
        else:
            comparison_cut_in.run_loop(grid.removeprefix("cut_in_"))
    except (OurTurnIsOver, SystemExit):
        pass
    close()
    results = {}
    for at, _, files in os.walk("results"):
        for name in files:
            model = "shield" if whose == "ours" else name.split("_")[0]
            table = pandas.read_csv(os.path.join(at, name))
            r = results.setdefault(model, {"Cases": 0, "Crashes": 0, "LeadCrashes": 0})
            r["Cases"] += len(table)
            r["Crashes"] += int(table["Crash"].sum())
            if "Crash_front" in table:
                r["LeadCrashes"] += int(table["Crash_front"].sum())
    for model, r in results.items():
        braked = [brake for crash, brake in hardest.get(model, []) if not crash]
        r["Hard"] = sum(1 for brake in braked if brake > 4)
        r["Mean"] = float(math.fsum(braked) / max(len(braked), 1))
    os.chdir("/")

answer = json.dumps(results).encode()
send(b"r" + struct.pack("<I", len(answer)) + answer)
