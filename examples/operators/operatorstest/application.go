package operatorstest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/examples/operators/application"
	v1 "github.com/informant-go/informant/examples/operators/application/v1"
	"github.com/informant-go/informant/examples/operators/application/v1alpha1"
	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/operator"
)

// Application is the life of the operator of Applications, of its webhooks, and of what it
// looks after. On a real server it installs the webhooks, which are those of all
// namespaces: no other test of Applications may run there.
func Application(t *testing.T, c Cluster, e engine.Engine) {
	scheme, err := application.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	w := &applicationWorld{world: newWorld(t, c, scheme)}
	w.populate(e)
	line := NewLine(t, c.Config)
	stop := w.operate(line, e)

	app := w.create("guestbook")
	w.isComplete(app)
	w.scales(app)
	w.heals(app)
	w.undoesChanges(app)
	w.outlivesACut(app, line)
	w.converts(app)
	w.refusesWhatIsInvalid(app)
	w.isDeleted(app)

	stop()
	w.doesWithoutWebhooks()
}

// While no webhook answers, nothing is let in; when they are taken away, nobody is asked.
func (w *applicationWorld) doesWithoutWebhooks() {
	if _, err := w.front.admit(w.ctx, nil, newApplication("nobody-answers", w.Namespace)); err == nil {
		w.Error("an Application is let in while no webhook answers")
	}
	if !w.Real {
		return
	}
	w.must(application.Install(w.ctx, w.client, nil))
	w.eventually("nobody is asked", func() bool {
		_, err := w.front.admit(w.ctx, nil, newApplication("unasked", w.Namespace))
		return err == nil
	})
	w.eventually("v1alpha1 is not served", func() bool {
		old := &v1alpha1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: "none"}, Spec: v1alpha1.Spec{Image: "x:1"}}
		return apierrors.IsNotFound(w.client.Create(w.ctx, old, client.DryRunAll))
	})
}

type applicationWorld struct {
	*world
	front front
}

// operate runs the operator with its webhooks.
func (w *applicationWorld) operate(line *Line, e engine.Engine) (stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	certificate, err := application.NewCertificate("127.0.0.1")
	w.must(err)
	webhooks := &application.Webhooks{URL: "https://" + listener.Addr().String(), Authority: certificate.Authority}
	stop, _ = w.start(func(ctx context.Context) error {
		return application.Run(ctx, line.Config, operator.Options{Engine: e, Namespace: w.Namespace, Watch: w.Namespace}, listener, certificate)
	})
	if !w.Real {
		w.front = newReviewer(w.client.Scheme(), webhooks)
		return stop
	}
	w.must(application.Install(w.ctx, w.client, webhooks))
	w.front = server{w.client}
	bad := newApplication("bad", w.Namespace)
	bad.Spec.Image = "latest"
	w.eventually("the server asks the webhooks", func() bool {
		_, err := w.front.admit(w.ctx, nil, bad)
		return err != nil && strings.Contains(err.Error(), "denied the request")
	})
	return stop
}

func newApplication(name, namespace string) *v1.Application {
	return &v1.Application{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1.Spec{Image: "example.com/guestbook:1.2", Settings: map[string]string{"GREETING": "hello", "COLOUR": "red"}},
	}
}

func (w *applicationWorld) create(name string) *v1.Application {
	app := newApplication(name, w.Namespace)
	w.must(w.client.Create(w.ctx, app))
	return app
}

// owned are the objects of app by the names of their kinds, as they are now.
func (w *applicationWorld) owned(app *v1.Application) (cm *corev1.ConfigMap, d *appsv1.Deployment, s *corev1.Service) {
	w.Helper()
	bare := metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Name}
	cm, d, s = &corev1.ConfigMap{ObjectMeta: bare}, &appsv1.Deployment{ObjectMeta: bare}, &corev1.Service{ObjectMeta: bare}
	for _, obj := range []client.Object{cm, d, s} {
		w.must(w.client.Get(w.ctx, client.ObjectKeyFromObject(obj), obj))
		if !metav1.IsControlledBy(obj, app) {
			w.Errorf("the %T is owned by %v", obj, obj.GetOwnerReferences())
		}
	}
	return cm, d, s
}

// ready waits until all components are.
func (w *applicationWorld) ready(app *v1.Application) {
	w.Helper()
	w.await(app, func() bool {
		c := meta.FindStatusCondition(app.Status.Conditions, application.Ready)
		return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == app.Generation
	})
	if app.Status.ComponentsReady != "3/3" || len(app.Status.Components) != 3 {
		w.Errorf("an Application is ready with the status %+v", app.Status)
	}
}

// Components, defaults, and the event of each that was made.
func (w *applicationWorld) isComplete(app *v1.Application) {
	w.ready(app)
	cm, d, s := w.owned(app)
	if !maps.Equal(cm.Data, app.Spec.Settings) || *d.Spec.Replicas != v1.DefaultReplicas || s.Spec.Ports[0].Port != v1.DefaultPort {
		w.Errorf("the objects have %v, %d replicas and the port %d", cm.Data, *d.Spec.Replicas, s.Spec.Ports[0].Port)
	}
	if w.Real && (app.Spec.Replicas == nil || app.Spec.Port != v1.DefaultPort) {
		w.Errorf("the webhook has set no defaults in %+v", app.Spec)
	}
	w.eventually("the event of each object is there", func() bool {
		var events eventsv1.EventList
		w.must(w.client.List(w.ctx, &events, client.InNamespace(w.Namespace)))
		related := map[string]bool{}
		for _, event := range events.Items {
			if event.Reason == "Created" && event.Regarding.UID == app.UID && event.Related != nil {
				related[event.Related.Kind] = true
			}
		}
		return len(related) == 3
	})
}

func (w *applicationWorld) scales(app *v1.Application) {
	for _, n := range []int32{3, 0, 2} {
		w.must(w.change(app, func() {
			app.Spec.Replicas = &n
			app.Spec.Settings["COUNT"] = fmt.Sprint(n)
		}))
		w.ready(app)
		cm, d, _ := w.owned(app)
		if cm.Data["COUNT"] != fmt.Sprint(n) || d.Status.ReadyReplicas != n {
			w.Errorf("an Application of %d is ready with %d pods and %v", n, d.Status.ReadyReplicas, cm.Data)
		}
	}
}

// Each object that somebody deletes is there again.
func (w *applicationWorld) heals(app *v1.Application) {
	cm, d, s := w.owned(app)
	for _, obj := range []client.Object{cm, d, s} {
		w.must(w.client.Delete(w.ctx, obj))
		w.awaitGone(obj)
		w.await(obj, func() bool { return metav1.IsControlledBy(obj, app) })
	}
	w.await(d, func() bool { return d.Status.ReadyReplicas == *app.Spec.Replicas })
	w.ready(app)
}

// What somebody changes in an object is changed back.
func (w *applicationWorld) undoesChanges(app *v1.Application) {
	cm, d, s := w.owned(app)
	w.must(w.change(cm, func() { cm.Data["GREETING"] = "go away" }))
	w.must(w.change(d, func() { d.Spec.Replicas = new(int32(7)) }))
	w.must(w.change(s, func() { s.Spec.Ports[0].Port = 1234 }))
	w.await(cm, func() bool { return maps.Equal(cm.Data, app.Spec.Settings) })
	w.await(d, func() bool { return *d.Spec.Replicas == *app.Spec.Replicas })
	w.await(s, func() bool { return s.Spec.Ports[0].Port == v1.DefaultPort })
	w.ready(app)
}

// What is written while the watches are cut is seen.
func (w *applicationWorld) outlivesACut(app *v1.Application, line *Line) {
	line.Cut()
	w.must(w.change(app, func() { app.Spec.Settings["CUT"] = "yes" }))
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Name}}
	w.await(cm, func() bool { return cm.Data["CUT"] == "yes" })
	w.ready(app)
}

// One version becomes the other, and is the same when it comes back.
func (w *applicationWorld) converts(app *v1.Application) {
	app = &v1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: "converted"}, Spec: app.DeepCopy().Spec}
	app.Spec.Port = 9999
	old := &v1alpha1.Application{}
	w.must(w.front.convert(w.ctx, app, old))
	if *old.Spec.Size != *app.Spec.Replicas || len(old.Spec.Settings) != len(app.Spec.Settings) {
		w.Errorf("%+v becomes %+v", app.Spec, old.Spec)
	}
	back := &v1.Application{}
	old.ObjectMeta = metav1.ObjectMeta{Namespace: old.Namespace, Name: old.Name, Annotations: old.Annotations}
	w.must(w.front.convert(w.ctx, old, back))
	if !equality.Semantic.DeepEqual(back.Spec, app.Spec) || len(back.Annotations) != 0 {
		w.Errorf("%+v comes back as %+v, with %v", app.Spec, back.Spec, back.Annotations)
	}

	// What a server's schema refuses already, the converter refuses too.
	old.Spec.Settings = append(old.Spec.Settings, old.Spec.Settings[0])
	if err := w.front.convert(w.ctx, old, back); err == nil || !strings.Contains(err.Error(), "settings") {
		w.Errorf("a setting that is there twice gives %v", err)
	}
}

// The webhooks set defaults and refuse, with words that say what to do; without them, the
// operator does.
func (w *applicationWorld) refusesWhatIsInvalid(app *v1.Application) {
	admitted, err := w.front.admit(w.ctx, nil, newApplication("new", w.Namespace))
	w.must(err)
	if got := admitted.(*v1.Application).Spec; got.Replicas == nil || *got.Replicas != v1.DefaultReplicas || got.Port != v1.DefaultPort {
		w.Errorf("a new Application is stored as %+v", got)
	}
	for words, change := range map[string]func(*v1.Spec){
		"spec.image is":             func(s *v1.Spec) { s.Image = "example.com/guestbook:latest" },
		"spec.replicas is 11":       func(s *v1.Spec) { s.Replicas = new(int32(11)) },
		"spec.port is changed from": func(s *v1.Spec) { s.Port = 9090 },
	} {
		changed := app.DeepCopy()
		change(&changed.Spec)
		if _, err := w.front.admit(w.ctx, app, changed); err == nil || !strings.Contains(err.Error(), words) {
			w.Errorf("expected is %q, the webhooks say %v", words, err)
		}
	}
	if w.Real {
		return
	}
	image := app.Spec.Image
	w.must(w.change(app, func() { app.Spec.Image = "example.com/guestbook:latest" }))
	w.await(app, func() bool {
		c := meta.FindStatusCondition(app.Status.Conditions, application.Ready)
		return c.Reason == "Invalid" && strings.Contains(c.Message, "spec.image is")
	})
	if _, d, _ := w.owned(app); d.Spec.Template.Spec.Containers[0].Image != image {
		w.Errorf("the Deployment has the image %s", d.Spec.Template.Spec.Containers[0].Image)
	}
	w.must(w.change(app, func() { app.Spec.Image = image }))
	w.ready(app)
}

func (w *applicationWorld) isDeleted(app *v1.Application) {
	cm, d, s := w.owned(app)
	w.must(w.client.Delete(w.ctx, app))
	for _, obj := range []client.Object{app, cm, d, s} {
		w.awaitGone(obj)
	}
}
