package reflector

// circle finds out that continue tokens lead in a circle, with the memory of
// one token: it compares each with one that it keeps, and takes another to keep
// after twice as many (Brent's algorithm for cycles, BIT 20, 1980).
type circle struct {
	kept  string
	steps int // since kept was taken
	limit int // after which another is taken
}

// closes notes token and reports whether it came before.
func (c *circle) closes(token string) bool {
	if token == c.kept && c.limit > 0 {
		return true
	}
	if c.steps++; c.steps > c.limit {
		c.kept, c.steps, c.limit = token, 0, max(1, 2*c.limit)
	}
	return false
}
