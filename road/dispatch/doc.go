// Package dispatch says which vehicle fetches whom: batched assignment, pooling by insertion, rebalancing.
package dispatch
