"""The session of drive/traci/tracitest, held by SUMO's own Python client. Arguments: the port. Prints what it learnt."""
import sys

import traci
import traci.constants as tc

VARS = (tc.VAR_POSITION, tc.VAR_ANGLE, tc.VAR_SPEED, tc.VAR_ACCELERATION, tc.VAR_SIGNALS, tc.VAR_TYPE,
        tc.VAR_LANE_ID, tc.VAR_LANEPOSITION)


def number(x):
    return "%.6f" % x


def text(v):
    if isinstance(v, float):
        return number(v)
    if isinstance(v, tuple):
        return " ".join(number(x) if isinstance(x, float) else x for x in v)
    return str(v)


def world(c):
    print("time", number(c.simulation.getTime()))
    ids = c.trafficlight.getIDList()
    print("lights", " ".join(ids))
    for i in ids:
        state = c.trafficlight.getRedYellowGreenState(i)
        following = c.trafficlight.getNextSwitch(i)
        print("light", i, state, number(following), c.trafficlight.getPhase(i))
        for k, links in enumerate(c.trafficlight.getControlledLinks(i)):
            for link in links:
                print("link", k, *link)
        for program in c.trafficlight.getAllProgramLogics(i):
            for p in program.phases:
                print("program", program.programID, program.type, number(p.duration), p.state)
    for x, y in c.lane.getShape("A0B0_0"):
        print("shape", number(x), number(y))
    print("length", number(c.lane.getLength("A0B0_0")))
    way = c.simulation.findRoute("A0B0", "C1C2")
    print("route", " ".join(way.edges), number(way.travelTime), number(way.length))
    try:
        c.simulation.convertGeo(10, 20)
        print("geo refused false")
    except traci.TraCIException:
        print("geo refused true")
    c.vehicletype.copy("DEFAULT_VEHTYPE", "shuttle")
    c.vehicletype.setLength("shuttle", 4.9)
    c.vehicletype.setVehicleClass("shuttle", "taxi")
    c.vehicletype.setParameter("shuttle", "has.ssm.device", "true")
    print("parameter", c.vehicletype.getParameter("shuttle", "has.ssm.device"))


def steer(c, step):
    if step == 0:
        c.vehicle.setSpeedMode("ego", 0)
        c.vehicle.setLaneChangeMode("ego", 0)
        c.vehicle.subscribe("ego", VARS)
        c.vehicle.subscribeContext("ego", tc.CMD_GET_VEHICLE_VARIABLE, 100, VARS)
        c.simulation.subscribe((tc.VAR_DEPARTED_VEHICLES_IDS, tc.VAR_ARRIVED_VEHICLES_IDS,
                                tc.VAR_COLLIDING_VEHICLES_IDS, tc.VAR_TIME), tc.INVALID_DOUBLE_VALUE, tc.INVALID_DOUBLE_VALUE)
        c.vehicle.setSpeed("other", 7.5)
        c.vehicle.setStop("other", "B0C0", 60, 0, 5)
    elif step < 20:
        c.vehicle.moveToXY("ego", "A0B0", 0, 20 + 0.5 * step, -4.8, 90, 2)
        c.vehicle.setPreviousSpeed("ego", 5)
    elif step == 20:
        c.vehicle.changeLane("ego", 1, 5)
        c.vehicle.changeTarget("ego", "C1C2")
        c.vehicle.slowDown("other", 3, 2)
        for i, index, distance, state in c.vehicle.getNextTLS("ego"):
            print("next", i, index, number(distance), state)
    elif step == 40:
        c.vehicle.unsubscribeContext("ego", tc.CMD_GET_VEHICLE_VARIABLE, 100)
        c.vehicle.setSpeed("ego", -1)


def results(c):
    for domain in (c.vehicle, c.simulation):
        for i, values in domain.getAllSubscriptionResults().items():
            for v, value in values.items():
                print("%s 0x%02x %s" % (i, v, text(value)))
    for around, objects in c.vehicle.getAllContextSubscriptionResults().items():
        for i, values in objects.items():
            for v, value in values.items():
                print("%s/%s 0x%02x %s" % (around, i, v, text(value)))


def people(c):
    c.person.add("rider", "A0B0", 30)
    c.person.appendWaitingStage("rider", 1, "waits")
    c.person.appendDrivingStage("rider", "B0C0", "taxi")
    c.person.appendWalkingStage("rider", ["B0C0"], 50)
    for _ in range(20):
        c.simulationStep()
    asked = c.person.getTaxiReservations(0)
    for a in asked:
        print("reservation", a.id, " ".join(a.persons), a.fromEdge, a.toEdge, number(a.departPos),
              number(a.reservationTime), a.state)
    print("taxis", " ".join(c.vehicle.getTaxiFleet(0)))
    print("collisions", len(c.simulation.getCollisions()))
    for a in asked:
        c.vehicle.dispatchTaxi("other", [a.id])
    c.simulationStep()
    c.person.removeStage("rider", 1)
    try:
        c.vehicle.resume("ego")
        print("resume refused false")
    except traci.TraCIException:
        print("resume refused true")


def main():
    c = traci.connect(int(sys.argv[1]), host="127.0.0.1")
    print("version", *c.getVersion())
    c.setOrder(1)
    world(c)
    c.route.add("way", ["A0B0", "B0C0", "C0C1"])
    c.vehicle.add("ego", "way", departLane="best", departSpeed="max")
    c.vehicle.add("other", "way", "cab", line="taxi", personCapacity=4)
    c.vehicle.setColor("ego", (0, 255, 0, 255))
    for step in range(60):
        c.simulationStep()
        steer(c, step)
        results(c)
    people(c)
    c.vehicle.remove("other")
    try:
        c.vehicle.getSpeed("nobody")
        print("refused false")
    except traci.TraCIException:
        print("refused true")
    c.close()


main()
