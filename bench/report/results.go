package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// uncommitted ends what is said of a commit if there are changes besides.
const uncommitted = ", and changes that are not committed"

// reportResults is report -results: it measures all rows, or takes what was
// measured, and writes the page, its charts and what a README shows of them.
func reportResults(ctx context.Context, root string, o options) error {
	if err := o.checkResults(); err != nil {
		return err
	}
	here, err := newResults(root, o.resultsCommand())
	if err != nil {
		return err
	}
	var rec *record
	if o.from != "" {
		rec, err = readRounds(o.from, here)
	} else {
		rec, err = o.measureRows(ctx, root, here)
	}
	if err != nil {
		return err
	}
	if rec, err = rec.finished(); err != nil {
		return err
	}
	return o.writeResults(root, rec, targets)
}

func (o options) checkResults() error {
	switch {
	case o.compare != "" || o.table != "" || o.gate || o.together:
		return errors.New("-results measures all rows and writes one page: -compare, -table, -gate and -together are for other runs")
	case o.from != "" && (o.raw != "" || o.bench != ""):
		return errors.New("-from takes what was measured as it is: leave -raw and -bench away, or -from")
	case o.from == "" && o.count < 1:
		return errors.New("-results needs a round at least: give -count")
	}
	return nil
}

// resultsCommand makes the results again.
func (o options) resultsCommand() string {
	args := []string{"run", "./bench/report", "-results"}
	for _, f := range []struct{ flag, value, usual string }{
		{"-bench", o.bench, ""}, {"-benchtime", o.benchtime, ""}, {"-count", strconv.Itoa(o.count), strconv.Itoa(enough)},
	} {
		if f.value != f.usual {
			args = append(args, f.flag, f.value)
		}
	}
	if o.loaded {
		args = append(args, "-loaded")
	}
	return quoted(args)
}

// newResults is a record without figures of the machine and the commit that are
// here.
func newResults(root, command string) (*record, error) {
	rec, err := newRecord(root, command)
	if err != nil {
		return nil, err
	}
	commit, err := measuredCommit(root)
	rec.from = append(rec.from, [2]string{processorKey, processor()}, [2]string{commitKey, commit})
	return rec, err
}

// measuredCommit is the last one that changed what is measured. Documents, results
// and this program are no part of that.
func measuredCommit(root string) (string, error) {
	code := []string{"--", ".", ":(exclude)bench/report", ":(exclude)*.md", ":(exclude)*.svg"}
	commit, err := output(root, "git", append([]string{"log", "-1", "--format=%h (%s)"}, code...)...)
	if err != nil {
		return "", err
	}
	changes, err := output(root, "git", append([]string{"status", "--porcelain", "--untracked-files=all"}, code...)...)
	if changes != "" {
		commit += uncommitted
	}
	return commit, err
}

// measureRows compiles the benchmarks and runs those of the rows.
func (o options) measureRows(ctx context.Context, root string, here *record) (rec *record, err error) {
	rec, err = begun(o.raw, here)
	if err != nil {
		return nil, err
	}
	b, err := newBuilder(root)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	m := newMeasurement(o)
	if m.contests, err = planned(ctx, b, targets, o); err != nil {
		return nil, err
	}
	return rec, m.fill(ctx, rec, o.raw)
}

// fill measures the rounds that rec does not have, and appends each to the file,
// unless that is empty, when it is complete.
func (m *measurement) fill(ctx context.Context, rec *record, file string) error {
	_, others := complete(rec.lines)
	left := m.rounds - len(others)
	if left <= 0 {
		return nil
	}
	fmt.Fprintf(m.progress, "%d of %d rounds are to be measured, about %v\n",
		left, m.rounds, (estimate(m.contests) * time.Duration(left)).Round(10*time.Second))
	if err := m.quiet(ctx); err != nil {
		return err
	}
	for began, done := time.Now(), 1; done <= left; done++ {
		lines, err := m.calmRound(ctx, m.rounds-left+done-1)
		if err != nil {
			return unfinished(ctx, err, file)
		}
		rec.lines = append(rec.lines, lines...)
		if err := appendLines(file, lines); err != nil {
			return err
		}
		each := time.Since(began) / time.Duration(done)
		fmt.Fprintf(m.progress, "%d of %d rounds are complete, the others take about %v\n",
			m.rounds-left+done, m.rounds, (each * time.Duration(left-done)).Round(time.Second))
	}
	return nil
}

// unfinished adds to the error of a run what is left of it.
func unfinished(ctx context.Context, err error, file string) error {
	kept := "complete rounds are gone: name a file with -raw to keep them"
	if file != "" {
		kept = "complete rounds are kept: give the same command again to go on"
	}
	if ctx.Err() != nil {
		return interrupted(ctx, err, kept)
	}
	return fmt.Errorf("%w\n%s", err, kept)
}

// tries are how often a round is measured while other programs use the machine.
const tries = 3

// calmRound measures a round in which other programs were quiet, unless loaded
// ones will do. Its last line says what they used.
func (m *measurement) calmRound(ctx context.Context, number int) ([]string, error) {
	for range tries {
		others := m.others()
		lines, err := m.round(ctx, number, map[string]bool{}, others)
		if err != nil {
			return nil, err
		}
		if m.loaded || !others.loaded() {
			return append(lines, fmt.Sprintf("%s%d, other programs: %s", roundKey, number+1, others)), nil
		}
		fmt.Fprintf(m.progress, "round %d does not count: %s\n", number+1, others)
	}
	return nil, fmt.Errorf("round %d was measured %d times while other programs used the machine: end them or wait for them, or measure with -loaded, which marks the figures",
		number+1, tries)
}

// writeResults writes the page with its charts, and what a README shows of them.
func (o options) writeResults(root string, rec *record, all []target) error {
	r := parseResults(rec.lines)
	page := cmp.Or(o.out, filepath.Join(root, "bench", "RESULTS.md"))
	var pictures []picture
	for _, draw := range charts {
		p, err := draw(r)
		if err != nil {
			return err
		}
		file := filepath.Join(filepath.Dir(page), p.name)
		if p.svg == nil { // one that stands there is of another run
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			continue
		}
		pictures = append(pictures, p)
		if err := write(file, p.svg); err != nil {
			return err
		}
	}
	doc, err := resultsPage(rec, all, pictures)
	if err != nil {
		return err
	}
	if err := write(page, doc); err != nil || o.into == "" {
		return err
	}
	text, err := figuresSection(rec, page, o.into)
	if err != nil {
		return err
	}
	return insert(o.into, "figures", text)
}

// begun is the record to go on with: what the file has of complete rounds that
// were measured here by the same command, or here without figures if there is no
// file. Afterwards the file has that and no more.
func begun(file string, here *record) (*record, error) {
	if file == "" {
		return here, nil
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return here, write(file, here.bytes())
	}
	rec, err := readRounds(file, here)
	if err != nil {
		return nil, err
	}
	if command := here.value(commandKey); rec.value(commandKey) != command {
		return nil, fmt.Errorf("%s has rounds of `%s`, this is `%s`: give the same flags to go on, or another file to begin", file, rec.value(commandKey), command)
	}
	return rec, write(file, rec.bytes())
}

func appendLines(file string, lines []string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// readRounds reads the complete rounds of a file. It refuses what was not measured
// here.
func readRounds(file string, here *record) (*record, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	rec, err := parseRecord(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, k := range []struct{ key, what, then string }{
		{cpusKey, "another machine", "make the page there, or measure here"},
		{processorKey, "another machine", "make the page there, or measure here"},
		{goKey, "another version of Go", "use that one, or measure with this one"},
		{comparedKey, "another version of client-go", "measure anew"},
		{commitKey, "another commit", "check that out, or measure this one"},
	} {
		there, now := rec.value(k.key), here.value(k.key)
		if there != now {
			return nil, fmt.Errorf("%s has figures of %s, %q, here it is %q: %s into another file", file, k.what, there, now, k.then)
		}
	}
	if commit := here.value(commitKey); strings.HasSuffix(commit, uncommitted) {
		return nil, fmt.Errorf("%s has figures of %s, and nobody knows whether these are the same: commit them and measure into another file", file, commit)
	}
	rec.lines, _ = complete(rec.lines)
	return rec, nil
}

// roundKey begins the line that ends a round: what stands after the last one is of
// a round that was not complete.
const roundKey = "round: "

// complete returns the lines of complete rounds, and what other programs did in
// each of them.
func complete(lines []string) (whole, others []string) {
	for i, line := range lines {
		if round, ok := strings.CutPrefix(line, roundKey); ok {
			_, used, _ := strings.Cut(round, ", other programs: ")
			whole, others = lines[:i+1], append(others, used)
		}
	}
	return whole, others
}

// finished is the record with what is to be said of all its rounds.
func (r *record) finished() (*record, error) {
	lines, others := complete(r.lines)
	if len(others) == 0 {
		return nil, errors.New("there is no round that is complete: measure one")
	}
	from := append(slices.Clone(r.from), [2]string{roundsKey, strconv.Itoa(len(others))}, [2]string{othersKey, worst(others)})
	made := &record{from: from, lines: lines}
	return made, made.check()
}

// worst is what other programs did in the round in which they did most.
func worst(others []string) string {
	share := func(text string) (percent int) {
		if _, err := fmt.Sscanf(text, "they used %d%%", &percent); err != nil {
			return 101 // it is not known
		}
		return percent
	}
	most := slices.MaxFunc(others, func(a, b string) int { return cmp.Compare(share(a), share(b)) })
	if len(others) == 1 {
		return most
	}
	return "in the worst round " + most
}
