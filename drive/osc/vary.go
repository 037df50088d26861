package osc

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
)

// Case is one way to play a scenario.
type Case struct {
	File string // the scenario's
	Set  Values // what its parameters are, where not as declared
}

// maxCases is how many cases one distribution may stand for.
const maxCases = 200_000

// Vary gives the cases of a file: of a scenario the one as it is; of a deterministic parameter value distribution all
// combinations of its values, in its order, without those that the scenario's own constraints rule out.
func Vary(path string) ([]Case, error) {
	root, err := readFile(path)
	if err != nil {
		return nil, err
	}
	dist := root.kid("ParameterValueDistribution")
	if dist == nil {
		if root.kid("Storyboard") == nil {
			return nil, fmt.Errorf("%s: is neither a scenario nor a distribution of parameter values", path)
		}
		return []Case{{File: path}}, nil
	}
	r := reader{sc: &scope{}}
	file := filepath.Join(filepath.Dir(path), filepath.FromSlash(r.text(dist.kid("ScenarioFile"), "filepath", "")))
	kinds := dist.kid("Deterministic")
	if kinds == nil {
		return nil, fmt.Errorf("%s: only deterministic distributions are played", path)
	}
	sets := []Values{{}}
	for _, k := range kinds.kids {
		ways, err := choices(k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(ways)*len(sets) > maxCases {
			return nil, fmt.Errorf("%s: stands for more than %d cases", path, maxCases)
		}
		next := make([]Values, 0, len(sets)*len(ways))
		for _, s := range sets {
			for _, way := range ways {
				both := Values{}
				for name, v := range s {
					both[name] = v
				}
				for name, v := range way {
					both[name] = v
				}
				next = append(next, both)
			}
		}
		sets = next
	}
	return allowed(file, sets)
}

// allowed leaves out the sets that the scenario's constraints rule out.
func allowed(file string, sets []Values) ([]Case, error) {
	root, err := readFile(file)
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, set := range sets {
		var sc scope
		var out *ConstraintError
		switch err := sc.declare(root.kid("ParameterDeclarations"), set); {
		case errors.As(err, &out):
		case err != nil:
			return nil, fmt.Errorf("%s: %w", file, err)
		default:
			cases = append(cases, Case{File: file, Set: set})
		}
	}
	return cases, nil
}

// choices gives the values of one distribution.
func choices(n *node) ([]Values, error) {
	r := reader{sc: &scope{}}
	var ways []Values
	switch n.name {
	case "DeterministicMultiParameterDistribution":
		for _, set := range n.kid("ValueSetDistribution").all("ParameterValueSet") {
			way := Values{}
			for _, a := range set.all("ParameterAssignment") {
				way[r.text(a, "parameterRef", "")] = r.text(a, "value", "")
			}
			ways = append(ways, way)
		}
	case "DeterministicSingleParameterDistribution":
		name := r.text(n, "parameterName", "")
		for _, e := range n.kid("DistributionSet").all("Element") {
			ways = append(ways, Values{name: r.text(e, "value", "")})
		}
		if span := n.kid("DistributionRange"); span != nil {
			step := r.need(span, "stepWidth")
			low, high := r.need(span.kid("Range"), "lowerLimit"), r.need(span.kid("Range"), "upperLimit")
			if !(step > 0) || (high-low)/step > maxCases {
				return nil, span.wrong("from %g to %g in steps of %g is no range", low, high, step)
			}
			for i := 0.0; low+i*step <= high+1e-9; i++ {
				v := math.Round((low+i*step)*1e9) / 1e9
				ways = append(ways, Values{name: strconv.FormatFloat(v, 'g', -1, 64)})
			}
		}
	default:
		return nil, n.wrong("is not played")
	}
	if len(ways) == 0 && r.err == nil {
		r.err = n.wrong("has no values")
	}
	return ways, r.err
}
