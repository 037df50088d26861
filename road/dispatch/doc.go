// Package dispatch says which vehicle fetches whom, in which order, and where those without work should wait.
//
// Everything here is a pure function of its arguments: the caller brings the time, the vehicles, the open requests and
// the ways between places, and gets plans. Requests are taken in batches: each round offers every open request to its
// nearest vehicles, as an insertion into what these already mean to do, and settles all offers at once by a minimum
// cost assignment; a search then takes plans apart and joins them better (Ropke and Pisinger, 2006: adaptive large
// neighbourhood search, with regret insertion). A request may change its vehicle until it is aboard.
package dispatch
