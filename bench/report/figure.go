package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// figure writes a median in its unit with three digits, and its spread where
// that is two percent or more.
func (r results) figure(s series) string {
	m, ok := r.median(s)
	if !ok {
		return "–"
	}
	text := amount(m, s.unit)
	if spread := r.spread(s); spread >= 0.02 {
		text += fmt.Sprintf(" ±%.0f%%", 100*spread)
	}
	return text
}

// amount writes a value in a unit of benchmarks. Nanoseconds become longer units
// where they are many.
func amount(v float64, unit string) string {
	switch unit {
	case "ns/op", "longest-ns", "p50-ns", "p99-ns", "p99.99-ns":
		return duration(v)
	case "B/op":
		return digits(v) + " B"
	case "allocs/op":
		return digits(v) + " allocs"
	}
	if i := strings.Index(unit, "ns/"); i >= 0 {
		return duration(v) + unit[i+2:]
	}
	return digits(v) + " " + unit
}

func duration(ns float64) string {
	switch {
	case ns >= 1e9:
		return digits(ns/1e9) + " s"
	case ns >= 1e6:
		return digits(ns/1e6) + " ms"
	case ns >= 1e4:
		return digits(ns/1e3) + " µs"
	default:
		return digits(ns) + " ns"
	}
}

// digits writes three significant digits at least, with commas in thousands.
func digits(v float64) string {
	switch abs := math.Abs(v); {
	case abs >= 1000:
		return commas(strconv.FormatFloat(v, 'f', 0, 64))
	case abs >= 100 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case abs >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

func commas(text string) string {
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// times writes a ratio.
func times(ratio float64) string {
	switch {
	case ratio >= 10:
		return commas(strconv.FormatFloat(ratio, 'f', 0, 64)) + "×"
	case ratio >= 2:
		return strconv.FormatFloat(ratio, 'f', 1, 64) + "×"
	default:
		return strconv.FormatFloat(ratio, 'f', 2, 64) + "×"
	}
}
