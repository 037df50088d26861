package condition

import (
	"math"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// language is CEL with this package's number functions: what every expression shares, built once.
var language = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserExpressionSizeLimit(MaxSource),
		cel.ParserErrorRecoveryLimit(4),
		cel.CrossTypeNumericComparisons(true),
		one("abs", math.Abs), one("round", math.Round), one("floor", math.Floor), one("ceil", math.Ceil),
		two("min", math.Min), two("max", math.Max), two(modulo, math.Mod),
	)
})

// modulo is what % becomes, since CEL has it for whole numbers only.
const modulo = "@mod"

func one(name string, f func(float64) float64) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_double", []*cel.Type{cel.DoubleType}, cel.DoubleType,
		cel.UnaryBinding(func(v ref.Val) ref.Val { return number(f(float64(v.(types.Double)))) })))
}

func two(name string, f func(a, b float64) float64) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_double_double", []*cel.Type{cel.DoubleType, cel.DoubleType}, cel.DoubleType,
		cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			return number(f(float64(a.(types.Double)), float64(b.(types.Double))))
		})))
}

// number keeps what is not a number out of rules: a remainder by zero is a mistake to show, not a value to act on.
func number(f float64) ref.Val {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return types.NewErr("the result is not a number")
	}
	return types.Double(f)
}
