package sim

import (
	"math"

	"hutong/td"
)

// clinic is one treatment room. Nothing here can be written: what treats a person is set at the bedside.
func (q *quarter) clinic() {
	const room = "Clinic / Room 1"
	q.monitor(room)
	q.pump(room)
	q.table(room)
	q.oxygen(room)
	q.roomAir(room)
	q.medicineFridge("Clinic / Pharmacy")
}

func (q *quarter) monitor(area string) {
	d := q.add("clinic-monitor", "Patient monitor", area)
	heart := 68.0
	d.everySeconds(1, func(w *world) {
		heart = toward(heart, 68+4*math.Sin(float64(w.tick)/31), 0.2) + d.chance.NormFloat64()*0.5
		d.state.number("heartRate", heart, 0)
		d.state.number("spo2", 97+0.8*math.Sin(float64(w.tick)/53)+d.chance.NormFloat64()*0.2, 0)
		d.state.number("systolic", 118+5*math.Sin(float64(w.tick)/120), 0)
		d.state.number("diastolic", 76+3*math.Sin(float64(w.tick)/140), 0)
		d.state.number("respiration", 14+1.2*math.Sin(float64(w.tick)/47), 0)
	})
	d.publishTD("PatientMonitor", []value{
		number("heartRate", "Heart rate", "/min").exact(), number("spo2", "Oxygen saturation", "percent").exact(),
		number("systolic", "Systolic pressure", "mmHg"), number("diastolic", "Diastolic pressure", "mmHg"),
		number("respiration", "Respiration", "/min"),
	}, nil)
}

func (q *quarter) pump(area string) {
	d := q.add("clinic-pump", "Infusion pump", area)
	volume := 0.0
	d.state.set("state", "infusing")
	d.everySeconds(5, func(*world) {
		volume += 60.0 / 3600 * 5
		if volume >= 250 {
			volume = 0
		}
		d.state.number("rate", 60, 0)
		d.state.number("infused", volume, 2)
		d.state.number("pressure", 38+d.chance.NormFloat64(), 0)
	})
	d.publishTD("InfusionPump", []value{
		word("state", "State", "infusing", "paused", "alarm"), number("rate", "Rate", "mL/h"),
		number("infused", "Infused", "mL"), number("pressure", "Line pressure", "kPa"),
	}, nil)
}

func (q *quarter) table(area string) {
	d := q.add("clinic-table", "Treatment table", area)
	d.state.set("brake", true)
	d.everySeconds(30, func(*world) {
		d.state.number("height", 82+d.chance.NormFloat64()*0.05, 1)
		d.state.number("tilt", d.chance.NormFloat64()*0.05, 1)
	})
	d.publishTD("OperatingTable", []value{
		number("height", "Height", "cm"), number("tilt", "Tilt", "deg"), flag("brake", "Brake on"),
	}, nil)
}

func (q *quarter) oxygen(area string) {
	d := q.add("clinic-oxygen", "Oxygen supply", area)
	d.everySeconds(10, func(*world) {
		d.state.number("pressure", 410+2*d.chance.NormFloat64(), 0)
		d.state.number("flow", 2+0.1*d.chance.NormFloat64(), 1)
	})
	d.publishTD("GasOutlet", []value{number("pressure", "Pressure", "kPa"), number("flow", "Flow", "L/min")}, nil)
}

func (q *quarter) roomAir(area string) {
	d := q.add("clinic-air", "Room air", area)
	d.everySeconds(10, func(*world) {
		d.state.number("overpressure", 12+0.4*d.chance.NormFloat64(), 1)
		d.state.number("temperature", 21+0.1*d.chance.NormFloat64(), 1)
		d.state.number("humidity", 45+0.5*d.chance.NormFloat64(), 0)
	})
	d.publishTD("RoomAir", []value{
		number("overpressure", "Overpressure", "Pa"), number("temperature", "Temperature", "degC"),
		number("humidity", "Humidity", "percent"),
	}, nil)
}

func (q *quarter) medicineFridge(area string) {
	d := q.add("clinic-fridge", "Medicine fridge", area)
	d.state.set("doorOpen", false)
	temperature := 4.5
	d.everySeconds(6, func(*world) {
		d.state.set("doorOpen", d.chance.Float64() < 0.03)
		temperature = toward(temperature, 4.5+2*boolFactor(d.state.bool("doorOpen")), 0.1)
		d.state.number("temperature", temperature+0.05*d.chance.NormFloat64(), 1)
	})
	d.publishTD("Refrigerator", []value{number("temperature", "Temperature", "degC"), flag("doorOpen", "Door open")}, nil)
}

// objectOf is a schema of an object with one member.
func objectOf(name, kind string) *td.Schema {
	s := &td.Schema{Type: "object"}
	s.Properties.Set(name, &td.Schema{Type: kind})
	return s
}

// schemaOf is a schema of a number with a range.
func schemaOf(kind string, lo, hi float64) *td.Schema {
	return &td.Schema{Type: kind, Minimum: digits(lo), Maximum: digits(hi)}
}
