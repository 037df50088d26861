// Package plan proposes ways to go, drives each with the vehicle's own model, and scores what comes of it: the family of
// PDM-Closed (Dauner et al., CoRL 2023), with changes of lanes, stops, giving way and ways around what stands.
//
// A plan is a pure function of what it is asked and what the planner remembers of its own last choices.
package plan

import (
	"cmp"
	"math"
	"slices"

	"hutong/drive/lane"
	"hutong/drive/plan/pace"
	"hutong/drive/predict"
	"hutong/drive/scene"
	"hutong/drive/vehicle"
)

// Task is what one plan is asked for.
type Task struct {
	View     *scene.View
	Here     lane.Spot // where the vehicle is on the lanes
	Back     lane.ID   // the lane it came from; lane.None: unknown
	Field    *lane.Field
	MaxSpeed float64 // m/s; 0: as the lanes say
	Stop     bool    // come to a stop, evenly
	PullOver bool
	Pass     uint32 // a track that may be passed through the oncoming lane
}

// kind is what holds a proposal back.
type kind uint8

// The kinds of causes, in no order.
const (
	free kind = iota
	curve
	follow
	red
	amber
	sign
	yield
	crossing
	occlusion
	goal
	end
	change
	full
	ordered
	pulling
	nudging
	emergency
	blocked
	detouring
)

// codes gives the reasons' codes by kind.
var codes = [...]string{
	"free", "curve", "follow", "red", "amber", "stop-sign", "yield", "cross-walk", "occlusion", "arrive", "lane-end", "lane-change",
	"junction-full", "stop-ordered", "pull-over", "nudge", "siren", "blocked",
	"detour",
}

// cause is why a proposal goes as fast as it does.
type cause struct {
	kind   kind
	track  uint32
	signal int32
	light  bool
	at     float64 // m along the way
}

// halting place: the front stays behind it.
type stop struct {
	at     float64
	why    kind
	signal int32
	track  uint32
}

// view is one way the vehicle could take, its own lane's or one beside it, and who is on it.
type view struct {
	way      Way
	on       bool
	side     int         // 1: the lane to the left, -1: to the right, 0: its own
	field    *lane.Field // that the way was laid for, and
	most     float64     // the speed
	index    int         // of the sample where the vehicle is
	s, d     float64
	laid     float64 // the view's time when that was
	limit    float64 // m/s, of the lane here
	others   []other
	leads    [spans][]lead
	standers []stander
	cares    []care
	meetings []meeting
	halts    []stop
	room     float64 // m along the way, where the front can be at most at the end of what is looked ahead
	cost     float64 // s to the goal from where the vehicle is on it
}

// Planner plans for one vehicle on one map.
type Planner struct {
	m         *lane.Map
	spec      *vehicle.Spec
	tracker   *vehicle.Tracker
	predictor *predict.Predictor
	front     float64 // from the rear axle to the front end, m

	task      *Task
	motions   []predict.Motion
	around    []around // of the motions
	own       headed   // of the proposal that is judged
	claims    []predict.Claim
	colours   []scene.Colour
	run       []uint8 // by signal: what was decided when it turned amber
	views     [3]view // its own lane, left, right
	proposals []Proposal
	order     []int
	last      Class // what was chosen the last time
	lastName  string
	lastKind  kind
	aim       aim
	change    need
	special   special
	people    []lostSight
	slows     []float64 // m/s, by the view's cares
	passing   float64   // m of the oncoming lane that may be used
	stopped   lane.ID   // the lane before whose stop line the vehicle has stopped
	waited    float64   // s that the vehicle has been standing
	time      float64
}

// New makes a planner.
func New(m *lane.Map, spec *vehicle.Spec) *Planner {
	p := &Planner{
		m: m, spec: spec, tracker: vehicle.NewTracker(spec), predictor: predict.New(m),
		front:   spec.Length - spec.RearOverhang,
		colours: make([]scene.Colour, len(m.Signals)), run: make([]uint8, len(m.Signals)),
		proposals: make([]Proposal, 0, most), change: need{since: -1, given: lane.None}, stopped: lane.None,
	}
	for i := range p.views {
		p.views[i].way.Samples = make([]Sample, 0, samples)
	}
	p.views[1].side, p.views[2].side = 1, -1
	return p
}

// Motions gives what the last plan thought the others would do.
func (p *Planner) Motions() []predict.Motion { return p.motions }

// Plan proposes, simulates and scores, and gives the proposals from the best to the worst. They are good until the next
// Plan. ok is false where the lanes give no way to follow at all.
func (p *Planner) Plan(t *Task) (ok bool) {
	p.task = t
	p.change.wanted = false
	p.proposals, p.order = p.proposals[:0], p.order[:0]
	p.lights(t.View.Lights)
	p.motions = p.predictor.Look(t.View, t.Here, p.spec, p.claim())
	p.bound()
	p.pass()
	p.recall()
	if !p.survey() {
		return false
	}
	p.beware()
	p.propose()
	p.try(0)
	p.refine()
	p.score()
	for i := range p.proposals {
		p.order = append(p.order, i)
	}
	slices.SortStableFunc(p.order, func(i, j int) int { return cmp.Compare(p.proposals[j].Score, p.proposals[i].Score) })
	return true
}

// try drives and judges the proposals from an index on.
func (p *Planner) try(from int) {
	for i := from; i < len(p.proposals); i++ {
		q := &p.proposals[i]
		p.simulate(q)
		p.judge(q)
	}
}

// pass lets the time since the last plan pass.
func (p *Planner) pass() {
	now := p.task.View.Time
	lapse := now - p.time
	if p.time = now; !(lapse >= 0 && lapse < 1) {
		lapse = 0
	}
	if p.waited += lapse; p.task.View.Ego.Speed > 0.3 {
		p.waited = 0
	}
}

// Len gives how many proposals there are.
func (p *Planner) Len() int { return len(p.order) }

// Best gives the proposal at a place in the order of scores, 0 the best.
func (p *Planner) Best(i int) *Proposal { return &p.proposals[p.order[i]] }

// Chose tells the planner which proposal is driven, so that it keeps to its mind.
func (p *Planner) Chose(q *Proposal) {
	p.last, p.lastName, p.lastKind = q.Class, q.Name, q.cause.kind
	p.aimAt(q)
}

// Strayed tells the planner that nothing of its last plan was driven.
func (p *Planner) Strayed() { p.aim.good = false }

// Way gives the way along the vehicle's own lane, good until the next Plan.
func (p *Planner) Way() *Way { return &p.views[0].way }

func (p *Planner) lights(lights []scene.Light) {
	for i := range p.colours {
		p.colours[i] = scene.Dark
	}
	for _, l := range lights {
		if l.Signal >= 0 && int(l.Signal) < len(p.colours) {
			p.colours[l.Signal] = l.Colour
		}
	}
}

// claim gives the lanes that the vehicle is going to drive in the next seconds, by its last plan's way: none beyond a
// place where it stops.
func (p *Planner) claim() []predict.Claim {
	p.claims = p.claims[:0]
	v := &p.views[0]
	if len(v.way.Samples) < 8 {
		return p.claims
	}
	s, _, _ := v.way.project(p.task.View.Ego.Vec, v.index)
	front, speed := s+p.front, p.task.View.Ego.Speed
	limit := front + max(speed, 3)*claimed
	for i := range v.halts {
		if h := &v.halts[i]; h.at > front-2 {
			limit = min(limit, h.at)
		}
	}
	for i := range v.way.Legs {
		leg := &v.way.Legs[i]
		if leg.End < s || leg.Begin > limit {
			continue
		}
		p.claims = append(p.claims, predict.Claim{
			Lane: leg.Lane, In: pace.Soonest(leg.Begin-front, speed, v.limit), Out: pace.Soonest(leg.End-s, speed, v.limit),
		})
	}
	return p.claims
}

// claimed is for how many seconds of way ahead others are thought to give way.
const claimed = 6.0

// survey lays the way on the vehicle's own lane and those beside it, and looks who is there.
func (p *Planner) survey() bool {
	t := p.task
	for i := range p.views {
		p.views[i].on = false
	}
	if t.Here.Lane == lane.None || !p.open(&p.views[0], t.Here, t.Back) {
		return false
	}
	l := p.m.Lane(t.Here.Lane)
	if l.Kind == lane.Junction {
		return true
	}
	for side, to := range [2]lane.ID{l.LeftOf, l.RightOf} {
		if to == lane.None || side == 0 && !l.MayLeft || side == 1 && !l.MayRight {
			continue
		}
		if beside := p.m.Lane(to); beside.Kind == lane.Drive && beside.Users&user != 0 {
			s, d := beside.Centre.Project(t.View.Ego.Vec)
			p.open(&p.views[1+side], lane.Spot{Lane: to, S: s, D: d}, lane.None)
		}
	}
	return true
}

// open lays a view's way, or keeps the one it has, and looks who is on it.
func (p *Planner) open(v *view, from lane.Spot, back lane.ID) bool {
	limit := p.task.MaxSpeed
	if limit <= 0 {
		limit = p.spec.MaxSpeed
	}
	if !v.holds(p.task, from, limit) || p.waited > rests && v.laid < p.time-p.waited {
		v.laid = p.time
		v.field, v.most = p.task.Field, limit
		v.way.make(p.m, p.task.Field, from, back, p.spec, limit)
		if len(v.way.Samples) < 8 {
			v.field = nil
			v.way.Samples = v.way.Samples[:0]
			return false
		}
		v.s, v.d, v.index = v.way.project(p.task.View.Ego.Vec, -1)
	}
	v.on = true
	v.limit = min(p.m.Lane(from.Lane).Limit, limit)
	v.cost = math.Inf(1)
	if p.task.Field != nil {
		v.cost = Remaining(p.task.Field, from)
	}
	v.look(p.motions, p.spec.Width/2)
	v.lead(p.front)
	v.meet(p.m, p.spec.Width/2+0.4, v.s-p.spec.RearOverhang, v.s+p.front, p.colours)
	p.stand(v)
	p.takeCare(v)
	p.phantoms(v)
	p.halts(v)
	p.reach(v)
	return true
}

// holds tells whether the way laid before will do: the vehicle has gone along it a little.
func (v *view) holds(t *Task, from lane.Spot, limit float64) bool {
	if len(v.way.Samples) < 8 || v.field != t.Field || v.most != limit {
		return false
	}
	v.s, v.d, v.index = v.way.project(t.View.Ego.Vec, v.index)
	if v.s > behind+worn || v.s < 0 && v.way.Legs[0].Start > 0 || math.Abs(v.d) > 6 {
		return false
	}
	at := v.way.spot(v.s, 0)
	return at.Lane == from.Lane && math.Abs(at.S-from.S) < 4 || from.S < 1 && v.way.has(from.Lane, v.s+1) || v.way.has(from.Lane, v.s-1)
}

// worn is how far a vehicle goes along a way before it is laid anew, m.
const worn = 15.0

var forever = math.Inf(1)
