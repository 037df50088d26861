package ordered

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is a number exactly as its digits say: ±0.DIGITS × 10^exp, digits without zeros at either end; "" is 0.
// Comparing two costs no more than their lengths, however large an exponent somebody writes.
type Decimal struct {
	negative bool
	digits   string
	exp      int
}

// maxExp bounds exponents; a larger one is as good as endless, a smaller one as zero.
const maxExp = 1 << 30

// ParseDecimal reads a JSON number; what is none counts as 0.
func ParseDecimal(s string) Decimal {
	var d Decimal
	s, d.negative = strings.CutPrefix(s, "-")
	mantissa, e := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		var err error
		if e, err = strconv.Atoi(strings.TrimPrefix(s[i+1:], "+")); err != nil || e > maxExp || e < -maxExp {
			e = maxExp
			if strings.HasPrefix(s[i+1:], "-") {
				e = -maxExp
			}
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	if strings.Trim(all, "0123456789") != "" {
		return Decimal{}
	}
	d.digits = strings.TrimLeft(all, "0")
	d.exp = e + len(whole) - (len(all) - len(d.digits))
	d.digits = strings.TrimRight(d.digits, "0")
	if d.digits == "" {
		return Decimal{}
	}
	return d
}

// Compare is -1, 0 or 1 as d is less than, equal to or greater than e.
func (d Decimal) Compare(e Decimal) int {
	if s, t := d.Sign(), e.Sign(); s != t || s == 0 {
		return cmp.Compare(s, t)
	}
	c := cmp.Compare(d.exp, e.exp)
	if c == 0 {
		c = strings.Compare(d.digits, e.digits)
	}
	return c * d.Sign()
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// Whole says whether d has no fraction.
func (d Decimal) Whole() bool { return d.exp >= len(d.digits) }

// Multiple says whether d is n times e for a whole n. Numbers of more than some hundreds of digits cannot be
// judged within reason and pass.
func (d Decimal) Multiple(e Decimal) bool {
	const most = 400
	if d.digits == "" || e.digits == "" {
		return d.digits == ""
	}
	low := min(d.exp-len(d.digits), e.exp-len(e.digits))
	if max(d.exp, e.exp)-low > most {
		return true
	}
	return new(big.Int).Rem(d.scaled(low), e.scaled(low)).Sign() == 0
}

// scaled is d divided by 10^low, which leaves no fraction.
func (d Decimal) scaled(low int) *big.Int {
	n, _ := new(big.Int).SetString(d.digits+strings.Repeat("0", d.exp-len(d.digits)-low), 10)
	return n
}
