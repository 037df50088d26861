"""The session of client.go, held by SUMO's Python client. Arguments: vehicles, steps, port."""
import json
import os
import sys
import time

import traci
import traci.constants as tc

VARS = (tc.VAR_POSITION, tc.VAR_ANGLE, tc.VAR_SPEED, tc.VAR_ACCELERATION, tc.VAR_SIGNALS, tc.VAR_TYPE,
        tc.VAR_LANE_ID, tc.VAR_LANEPOSITION)
UNMEASURED = 20


def sumo_time():
    """The processor time that SUMO has used so far, s, as Linux tells it; 0 elsewhere."""
    try:
        with open("/proc/%s/schedstat" % os.environ.get("SUMO_PID")) as f:
            return int(f.read().split()[0]) / 1e9
    except OSError:
        return 0


def main():
    vehicles, steps, port = (int(a) for a in sys.argv[1:4])
    c = traci.connect(port, host="127.0.0.1", waitBetweenRetries=0.1)
    ids = sorted(c.vehicle.getIDList())
    for i in ids[:vehicles]:
        c.vehicle.subscribe(i, VARS)
    c.vehicle.subscribeContext(ids[0], tc.CMD_GET_VEHICLE_VARIABLE, 100, VARS)
    values = 0
    for i in range(UNMEASURED + steps):
        if i == UNMEASURED:
            began, cpu, its = time.perf_counter(), time.process_time(), sumo_time()
        c.simulationStep()
        if i >= UNMEASURED:
            for results in (c.vehicle.getAllSubscriptionResults(), *c.vehicle.getAllContextSubscriptionResults().values()):
                for one in results.values():
                    values += len(one)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    its = sumo_time() - its
    c.close()
    print(json.dumps({"steps": steps, "wall": wall, "cpu": cpu, "values": values, "sumo": its}))


main()
