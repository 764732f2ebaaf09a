package reflector

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"weak"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageOf is a page of n items, as a typed client returns it.
func pageOf(n int) []meta1 {
	items := make([]meta1, n)
	for i := range items {
		items[i].Name = strconv.Itoa(i)
	}
	return items
}

// sourceOf is a ListWatch of one list.
func sourceOf(list List[*meta1]) *ListWatch[*meta1] {
	return &ListWatch[*meta1]{ListFunc: func(context.Context, metav1.ListOptions) (List[*meta1], error) { return list, nil }}
}

// An object that is kept does not keep its page: a list of a typed client, which is one
// slice, is copied item by item.
func TestAnObjectOfAListDoesNotKeepItsPage(t *testing.T) {
	var kept []*meta1
	page := func() weak.Pointer[meta1] {
		items := pageOf(1000)
		_, err := sourceOf(ListOf(metav1.ListMeta{}, items)).List(t.Context(), metav1.ListOptions{}, func(p Part[*meta1]) error {
			kept = append(kept, p.Items[len(p.Items)-1])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return weak.Make(&items[0])
	}()
	runtime.GC()
	if page.Value() != nil {
		t.Error("the page is still there")
	}
	if want := (1000 + chunk - 1) / chunk; len(kept) != want || kept[0].Name != strconv.Itoa(chunk-1) {
		t.Errorf("%d parts, want %d", len(kept), want)
	}
	runtime.KeepAlive(kept)
}

// Items are copied when they are handed on, in their order, so that what nobody keeps is
// gone before the next ones are there.
func TestItemsAreCopiedWhenTheyAreHandedOn(t *testing.T) {
	const n = 3*chunk + 1
	items := pageOf(n)
	list := ListOf(metav1.ListMeta{ResourceVersion: "7"}, items)
	copied := 0
	plain := list.Copy
	list.Copy = func(item *meta1) *meta1 {
		copied++
		return plain(item)
	}
	got := 0
	meta, err := sourceOf(list).List(t.Context(), metav1.ListOptions{}, func(p Part[*meta1]) error {
		for _, item := range p.Items {
			if item == &items[got] || item.Name != items[got].Name {
				t.Fatalf("item %d is %q", got, item.Name)
			}
			got++
		}
		if copied != got {
			t.Errorf("%d items are copied when %d are handed on", copied, got)
		}
		return nil
	})
	if err != nil || got != n || meta.ResourceVersion != "7" {
		t.Errorf("%d items of %d, version %s, %v", got, n, meta.ResourceVersion, err)
	}
	if items[0].Name != "0" || list.Items[n-1] != &items[n-1] {
		t.Error("the list is changed")
	}
}

// An error of the receiver ends a list that is copied as well.
func TestAReceiverThatFailsEndsAListThatIsCopied(t *testing.T) {
	full, parts := errors.New("full"), 0
	_, err := sourceOf(ListOf(metav1.ListMeta{}, pageOf(3*chunk))).List(t.Context(), metav1.ListOptions{}, func(Part[*meta1]) error {
		parts++
		return full
	})
	if err != full || parts != 1 {
		t.Errorf("%v after %d parts", err, parts)
	}
}

// A list without Copy is handed on as it is: its objects are those of the function.
func TestAListWithoutCopyIsHandedOnAsItIs(t *testing.T) {
	items := []*meta1{partial("a", "1"), partial("b", "2")}
	_, err := sourceOf(List[*meta1]{Items: items}).List(t.Context(), metav1.ListOptions{}, func(p Part[*meta1]) error {
		if len(p.Items) != 2 || p.Items[0] != items[0] || p.Items[1] != items[1] {
			t.Error("other objects are handed on")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	_, err = sourceOf(List[*meta1]{Copy: copyOf[meta1]}).List(t.Context(), metav1.ListOptions{}, func(Part[*meta1]) error {
		t.Error("an empty list has a part")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
