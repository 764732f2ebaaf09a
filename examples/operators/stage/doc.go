// Package stage is the rest of a cluster for programs that have none: an API server in
// memory (server.go), and players of the controllers that a bare API server lacks
// (players.go). Package kubeletlike plays the node.
//
// # What is not there
//
// The server in memory asks no webhooks, converts no versions and checks no schemas;
// the programs say so. The players know no rolling updates, no ReplicaSets and no
// policies of deletion. On a real API server without controllers, as tests start it,
// the players work as well.
package stage
