package apitest_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/informant-go/informant/reflector/apitest"
)

const benchObjects = 10_000

func filled(b *testing.B) *apitest.Server {
	s, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	c := apitest.Of[*widget](s, widgets)
	for i := range benchObjects {
		if _, err := c.Create(newWidget(fmt.Sprint("ns-", i%100), fmt.Sprint("widget-", i), i)); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func BenchmarkServer(b *testing.B) {
	s := filled(b)
	c := apitest.Of[*widget](s, widgets)
	b.Run("create", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			w := newWidget("bench", "", i)
			w.GenerateName = "generated-"
			must[*widget](b)(c.Create(w))
		}
	})
	b.Run("modify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must[*widget](b)(c.Modify("ns-1", "widget-1", func(w *widget) *widget { w.Spec.Size++; return w }))
		}
	})
	b.Run("list", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a := get(b, s, widgets.Path("", ""))
			if n := bytes.Count(a.body, []byte(`"uid"`)); n < benchObjects {
				b.Fatalf("%d objects", n)
			}
			b.SetBytes(int64(len(a.body)))
		}
	})
	b.Run("stream", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := watch(b, s, widgets.Path("", "")+"?watch=1&timeoutSeconds=1")
			s.Cut(apitest.Match{}, apitest.Cleanly)
			var buf bytes.Buffer
			if _, err := buf.ReadFrom(w.body); err != nil || bytes.Count(buf.Bytes(), []byte("ADDED")) < benchObjects {
				b.Fatalf("%d bytes, %v", buf.Len(), err)
			}
			b.SetBytes(int64(buf.Len()))
			w.body.Close()
		}
	})
}
