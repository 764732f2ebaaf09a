// Package application is an operator in the shape of the Guestbook of kubebuilder's book
// and of the application operator of kubernetes-sigs: an Application is several objects,
// and its status says of each how it is.
//
//	Application ──► ConfigMap, Deployment, Service (owned: they go with it)
//	    ▲                     │
//	    └── status.components, status.componentsReady "2/3", condition Ready
//
// There are two versions. v1 is stored, and what the operator works with; v1alpha1 is
// converted by a webhook. Two more webhooks set defaults in what is written and refuse
// what cannot be right, before it is stored. What got past them, because nobody asked
// them, is defaulted and refused by the reconciler.
//
//	v1/, v1alpha1/  the versions; application.yaml is their definition
//	reconciler.go   what is made of an Application
//	components.go   the objects, and when each is ready
//	setup.go        the operator
//	hooks.go        the server of the webhooks
//	install.go      the definition and the webhooks, for the API server
//	demo.go         the life of one, to look at
package application
