package watchcheck

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// canonical is the JSON of an object without what depends on how it came.
func canonical(obj metav1.Object) []byte {
	encoded, err := json.Marshal(obj)
	if err != nil {
		return fmt.Appendf(nil, "%T: %v", obj, err)
	}
	var fields, meta map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &fields); err != nil {
		return encoded
	}
	delete(fields, "kind")
	delete(fields, "apiVersion")
	if json.Unmarshal(fields["metadata"], &meta) == nil {
		delete(meta, "resourceVersion")
		fields["metadata"], _ = json.Marshal(meta) // it came from JSON
	}
	encoded, _ = json.Marshal(fields) // so did this
	return encoded
}
