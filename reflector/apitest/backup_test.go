package apitest_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
)

// A server that is taken back to a backup has its objects and its version, and
// nothing of what came after; its connections break.
func TestRestoreGoesBackToABackup(t *testing.T) {
	s := start(t, apitest.Options{})
	of := apitest.Of[*widget](s, widgets)
	check := must[*widget](t)
	check(of.Create(newWidget("a", "kept", 1)))
	check(of.Create(newWidget("a", "gone", 1)))
	want, version := must[map[string]*widget](t)(of.Objects()), s.ResourceVersion()
	backup := s.Backup()

	check(of.Delete("a", "gone"))
	check(of.Create(newWidget("a", "new", 1)))
	s.Advance(1000)
	if v, err := strconv.Atoi(s.ResourceVersion()); err != nil || v < 1000 {
		t.Errorf("the version is %d, %v", v, err)
	}
	resp, err := s.Client().Get(s.URL + widgets.Path("", "") + "?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := s.AwaitStreams(context.Background(), apitest.Match{}, 1); err != nil {
		t.Fatal(err)
	}

	s.Restore(backup)
	if diff := cmp.Diff(want, must[map[string]*widget](t)(of.Objects())); diff != "" {
		t.Errorf("the objects are others (-backup +server):\n%s", diff)
	}
	if v := s.ResourceVersion(); v != version {
		t.Errorf("the version is %s, that of the backup %s", v, version)
	}
	if n, err := resp.Body.Read(make([]byte, 1)); err == nil {
		t.Errorf("the watch brought %d bytes and did not end", n)
	}
	for query, code := range map[string]int{
		"?resourceVersion=" + version:                           http.StatusOK,
		"?resourceVersion=1&resourceVersionMatch=Exact&limit=1": http.StatusGone,
	} {
		resp, err := s.Client().Get(s.URL + widgets.Path("", "") + query)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != code {
			t.Errorf("%s is answered with %s", query, resp.Status)
		}
	}
	check(of.Create(newWidget("a", "new", 2)))
	if v, _ := strconv.Atoi(version); s.ResourceVersion() != strconv.Itoa(v+1) {
		t.Errorf("the next write has version %s after %s", s.ResourceVersion(), version)
	}
}
