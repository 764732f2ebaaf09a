package indexer

import "fmt"

// TransactionType says what a Transaction does. It corresponds to client-go's
// TransactionType.
type TransactionType string

// The types of a Transaction. Add and Update do the same.
const (
	TransactionAdd    TransactionType = "Add"
	TransactionUpdate TransactionType = "Update"
	TransactionDelete TransactionType = "Delete"
)

// change translates t.
func (t TransactionType) change() (ChangeType, error) {
	switch t {
	case TransactionAdd, TransactionUpdate:
		return ChangePut, nil
	case TransactionDelete:
		return ChangeRemove, nil
	}
	return 0, fmt.Errorf("indexer: unknown transaction type %q: use %q, %q or %q",
		t, TransactionAdd, TransactionUpdate, TransactionDelete)
}

// Transaction is one write of several that become visible at once. It
// corresponds to client-go's Transaction.
type Transaction[T any] struct {
	Object T
	Type   TransactionType
}

// TransactionError says which of several transactions were done. It
// corresponds to client-go's TransactionError.
type TransactionError struct {
	// SuccessfulIndices are the positions of those that were done.
	SuccessfulIndices []int
	// TotalTransactions is how many there were.
	TotalTransactions int
	// Errors has the reason of each that was not done.
	Errors []error
}

// Error counts the failures and gives the reasons.
func (t *TransactionError) Error() string {
	return fmt.Sprintf("indexer: %d of %d transactions failed: %v",
		t.TotalTransactions-len(t.SuccessfulIndices), t.TotalTransactions, t.Errors)
}

// Unwrap returns the reasons.
func (t *TransactionError) Unwrap() []error { return t.Errors }

// Transaction makes all transactions visible at once. It returns nil, or says
// which of them failed; the others are done. It corresponds to client-go's
// TransactionStore.
func (c *Cache[T]) Transaction(transactions ...Transaction[T]) *TransactionError {
	changes := make([]Change[T], 0, len(transactions))
	failed := &TransactionError{TotalTransactions: len(transactions)}
	for i, tx := range transactions {
		change, err := c.change(tx)
		if err != nil {
			failed.Errors = append(failed.Errors, err)
			continue
		}
		failed.SuccessfulIndices = append(failed.SuccessfulIndices, i)
		changes = append(changes, change)
	}
	if len(changes) > 0 {
		c.engine.apply(changes, "")
	}
	if len(failed.Errors) > 0 {
		return failed
	}
	return nil
}

func (c *Cache[T]) change(tx Transaction[T]) (Change[T], error) {
	kind, err := tx.Type.change()
	if err != nil {
		return Change[T]{}, err
	}
	key, err := c.key(tx.Object)
	return Change[T]{Key: key, Object: tx.Object, Type: kind}, err
}
