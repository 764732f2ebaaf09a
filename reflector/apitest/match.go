package apitest

// Match says which requests are meant. A zero field stands for any; the zero
// Match for all requests.
type Match struct {
	// Verb is one of the Verb constants.
	Verb string
	// Resource is the plural in the path, such as pods. It includes the
	// status subresource.
	Resource string
	// Namespace is the one in the path: a request over all namespaces does
	// not match.
	Namespace string
	// Func, if set, has the last word. It is called by the goroutine of the
	// request, without a lock, and by several at once.
	Func func(Request) bool
}

func (m Match) matches(req Request) bool {
	return (m.Verb == "" || m.Verb == req.Verb) &&
		(m.Resource == "" || m.Resource == req.Resource.Resource) &&
		(m.Namespace == "" || m.Namespace == req.Namespace) &&
		(m.Func == nil || m.Func(req))
}
