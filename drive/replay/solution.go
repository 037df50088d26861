package replay

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"hutong/drive/geom"
	"hutong/drive/lane/commonroad"
	"hutong/drive/vehicle"
)

// WriteSolution writes a solution in CommonRoad's XML, for the kinematic single-track model of the BMW 320i and the cost
// SM1. way holds the states at each time step from the problem's first; took is the time of the computation.
func WriteSolution(w io.Writer, s *commonroad.Scenario, p *commonroad.Problem, spec *vehicle.Spec, way []vehicle.State, took time.Duration) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "<?xml version=\"1.0\" ?>\n<CommonRoadSolution benchmark_id=\"KS2:SM1:%s:%s\" computation_time=\"%g\">\n",
		s.ID, s.Version, took.Seconds())
	fmt.Fprintf(b, "  <ksTrajectory planningProblem=\"%d\">\n", p.ID)
	heading := p.Initial.Heading // told without leaps, from the number the problem begins with
	for k, x := range way {
		at := spec.Box(x)
		heading += geom.Wrap(x.Heading - heading)
		fmt.Fprintf(b, "    <ksState><x>%.9f</x><y>%.9f</y><steeringAngle>%.9f</steeringAngle><velocity>%.9f</velocity>"+
			"<orientation>%.9f</orientation><time>%d</time></ksState>\n",
			at.X, at.Y, x.Steer, x.Speed, heading, p.Initial.Step+k)
	}
	fmt.Fprintf(b, "  </ksTrajectory>\n</CommonRoadSolution>\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write the solution of %s: %w", s.ID, err)
	}
	return nil
}
