package vector

import (
	"testing"

	"pgregory.net/rapid"
)

func TestElementsKeepTheirAddressAndValueWhileTheVectorGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v Vector[int]
		addresses := []*int{}
		for _, n := range rapid.SliceOfN(rapid.Uint32Range(0, 5000), 1, 20).Draw(t, "sizes") {
			before := v.Len()
			v.Grow(n)
			if want := max(before, n); v.Len() != want {
				t.Fatalf("Len is %d after Grow(%d) of %d", v.Len(), n, before)
			}
			for i := before; i < v.Len(); i++ {
				p := v.At(i)
				if *p != 0 {
					t.Fatalf("new element %d is %d", i, *p)
				}
				*p = int(i) + 1
				addresses = append(addresses, p)
			}
		}
		for i, p := range addresses {
			if v.At(uint32(i)) != p || *p != i+1 {
				t.Fatalf("element %d moved or changed", i)
			}
		}
	})
}

func TestLocateCoversEveryIndexOnce(t *testing.T) {
	next := uint32(0)
	for s := range 16 {
		for o := range uint32(size(s)) {
			if gs, go_ := locate(next); gs != s || go_ != o {
				t.Fatalf("locate(%d) = %d, %d, want %d, %d", next, gs, go_, s, o)
			}
			next++
		}
	}
}
