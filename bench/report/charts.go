package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// picture is a chart. It has no svg if nothing of it was measured.
type picture struct {
	name, alt string
	svg       []byte
}

// charts are those of the results.
var charts = []func(r results) (picture, error){ratiosChart, readersChart}

const (
	ratiosName = "ratios.svg"
	ratiosAlt  = "How many times better than client-go: bars for rows of all areas, on a logarithmic scale; those to the left of 1 are worse"

	readersName = "readers.svg"
	readersAlt  = "Writes a second beside readers that list all the time, for both libraries, on a logarithmic scale"
)

// charted are the rows of the chart of ratios, from its top.
var charted = []target{
	{bench: "Queue/cycle"},
	{bench: "PriorityQueue/cycle", base: series{engine: controllerRuntime}},
	{bench: "Store/get-parallel"},
	{bench: "Store/update"},
	{bench: "Store/update", engine: dropIn},
	{bench: "Store/delete-add"},
	{bench: "Store/list"},
	{bench: "Store/by-index"},
	{bench: "Store/replace"},
	{bench: "DeltaQueue/inorder"},
	{bench: "Reflector/list", unit: "ns/object"},
	{bench: "Reflector/watch-http"},
	{bench: "Informer/events-indexed/handlers=1"},
	{bench: "Informer/events-indexed/handlers=16"},
}

// The colours of what is better, of what is worse, and of what both are judged by.
var (
	blue   = color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}
	orange = color.RGBA{R: 0xd9, G: 0x5f, B: 0x02, A: 0xff}
	grey   = color.RGBA{R: 0x77, G: 0x77, B: 0x77, A: 0xff}
	pale   = color.RGBA{R: 0xdd, G: 0xdd, B: 0xdd, A: 0xff}
)

// ratiosChart has a bar for each charted row: from 1 to how many times better ours
// is.
func ratiosChart(r results) (picture, error) {
	made := picture{name: ratiosName, alt: ratiosAlt}
	b := bars{names: make([]string, len(charted)), times: make([]float64, len(charted))}
	most, least, measured := 1.0, 1.0, false
	for i, t := range charted {
		at := len(charted) - 1 - i // the first one is at the top
		b.names[at] = nameOf(t.ours())
		if t.theirs().engine != clientGo {
			b.names[at] += " (" + t.theirs().engine + ")"
		}
		if q, ok := r.better(t.theirs(), t.ours()); ok {
			b.times[at], most, least, measured = q.Center, max(most, q.Center), min(least, q.Center), true
		}
	}
	if !measured {
		return made, nil
	}
	p := newPlot("client-go / informant, medians on a logarithmic scale: what is left of 1 is worse")
	p.NominalY(b.names...)
	p.Y.Min, p.Y.Max = -0.6, float64(len(charted))-0.4
	logarithmic(&p.X, least/1.6, most*1.6, func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) + "×" })
	b.style = p.X.Tick.Label
	p.Add(grid{x: true}, b)
	var err error
	made.svg, err = drawn(p, 720, 60+24*vg.Length(len(charted)))
	return made, err
}

// nameOf is the name of a benchmark, with its engine unless that is usual.
func nameOf(s series) string {
	if s.engine == informant {
		return s.bench
	}
	return s.bench + " (" + s.engine + ")"
}

// readerCounts are those of the chart of writes.
var readerCounts = []int{0, 1, 10, 40, 80}

// readersChart has a line for each engine: its writes a second by the number of
// readers.
func readersChart(r results) (picture, error) {
	made := picture{name: readersName, alt: readersAlt}
	p := newPlot("Updates a second of a store of 10,000 pods, by the number of readers that list all of it; logarithmic")
	least, most := math.Inf(1), math.Inf(-1)
	p.Add(grid{})
	for _, engine := range []struct {
		name, legend string
		draw.LineStyle
	}{
		{informant, informant, draw.LineStyle{Color: blue, Width: 2}},
		{clientGo, clientGo, draw.LineStyle{Color: orange, Width: 2}},
		{control, "control: the readers have another store", draw.LineStyle{Color: grey, Width: 1, Dashes: []vg.Length{4, 3}}},
	} {
		c := curve{style: engine.LineStyle}
		for at, readers := range readerCounts {
			if m, ok := r.median(series{fmt.Sprintf("Store/readers=%d", readers), engine.name, "writes/s"}); ok && m > 0 {
				c.points = append(c.points, point{float64(at), m})
				least, most = min(least, m), max(most, m)
			}
		}
		if len(c.points) > 0 {
			p.Add(c)
			p.Legend.Add(engine.legend, c)
		}
	}
	if most < least {
		return made, nil
	}
	var names []string
	for _, readers := range readerCounts {
		names = append(names, fmt.Sprint(readers))
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.3, float64(len(readerCounts))-0.7
	p.X.Label.Text = "readers"
	logarithmic(&p.Y, math.Pow10(int(math.Floor(math.Log10(least)))), most*2, digits)
	p.Legend.Left, p.Legend.Padding, p.Legend.XOffs, p.Legend.YOffs = true, 3, 20, 10
	var err error
	made.svg, err = drawn(p, 720, 320)
	return made, err
}

// newPlot has a font without serifs. A logarithmic axis has no label: the plot would
// be padded as if that stood elsewhere.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.Title.Padding = title, 8
	p.BackgroundColor = nil // that of the whole canvas is drawn by drawn
	for _, style := range []*text.Style{
		&p.Title.TextStyle, &p.Legend.TextStyle, &p.X.Label.TextStyle, &p.X.Tick.Label, &p.Y.Label.TextStyle, &p.Y.Tick.Label,
	} {
		style.Font.Variant = "Sans"
	}
	return p
}

// logarithmic gives an axis ticks at 1, 2 and 5 of each power of ten, or at the
// powers if these are many.
func logarithmic(axis *plot.Axis, least, most float64, write func(float64) string) {
	axis.Min, axis.Max, axis.Scale = least, most, plot.LogScale{}
	steps := []float64{1, 2, 5}
	if most/least > 2000 {
		steps = steps[:1]
	}
	var ticks plot.ConstantTicks
	for power := int(math.Floor(math.Log10(least))); math.Pow10(power) <= most; power++ {
		for _, step := range steps {
			if value := step * math.Pow10(power); value >= least && value <= most {
				ticks = append(ticks, plot.Tick{Value: value, Label: write(value)})
			}
		}
	}
	axis.Tick.Marker = ticks
}

// drawn is the plot as SVG: on white, so that it can be read on any page, and with
// text as text. Sizes are in points.
func drawn(p *plot.Plot, width, height vg.Length) ([]byte, error) {
	canvas := vgsvg.New(width, height)
	c := draw.New(canvas)
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	p.Draw(draw.Crop(c, 8, -12, 8, -8))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(svg.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}

// grid draws pale lines across the plot, at the ticks of one axis.
type grid struct{ x bool }

// Plot implements plot.Plotter.
func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: pale, Width: 0.5}
	x, y := p.Transforms(&c)
	if g.x {
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			c.StrokeLine2(style, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
		}
		return
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(style, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
	}
}

// bars lie at the whole numbers of the vertical axis and begin at 1 of the other.
type bars struct {
	names []string
	// times is 0 where nothing was measured.
	times []float64
	style text.Style
}

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, value := range b.times {
		if value == 0 {
			b.label(c, x(1)+4, y(float64(i)), text.XLeft, "not measured in this run")
			continue
		}
		shade, end, align := blue, x(value)+5, text.XLeft
		if value < 1 {
			shade, end, align = orange, x(value)-5, text.XRight
		}
		low, high := y(float64(i)-0.32), y(float64(i)+0.32)
		c.FillPolygon(shade, []vg.Point{{X: x(1), Y: low}, {X: x(value), Y: low}, {X: x(value), Y: high}, {X: x(1), Y: high}})
		b.label(c, end, y(float64(i)), align, times(value))
	}
	c.StrokeLine2(draw.LineStyle{Color: color.Black, Width: 1}, x(1), c.Min.Y, x(1), c.Max.Y)
}

func (b bars) label(c draw.Canvas, x, y vg.Length, align text.XAlignment, words string) {
	style := b.style
	style.XAlign, style.YAlign = align, text.YCenter
	c.FillText(style, vg.Point{X: x, Y: y + style.FontExtents().Descent}, words)
}

type point struct{ x, y float64 }

// curve joins points by lines.
type curve struct {
	points []point
	style  draw.LineStyle
}

// Plot implements plot.Plotter.
func (l curve) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	line := make([]vg.Point, len(l.points))
	for i, at := range l.points {
		line[i] = vg.Point{X: x(at.x), Y: y(at.y)}
		c.DrawGlyph(draw.GlyphStyle{Color: l.style.Color, Radius: 3, Shape: draw.CircleGlyph{}}, line[i])
	}
	c.StrokeLines(l.style, line)
}

// Thumbnail implements plot.Thumbnailer.
func (l curve) Thumbnail(c *draw.Canvas) {
	c.StrokeLine2(l.style, c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
}
