package sumonet

import (
	"hutong/drive/lane"
)

// follow finds for every way through a junction its chain of internal lanes, kept under the last of them, by which the
// junction's list of links knows it.
func (b *builder) follow() {
	for i := range b.lanes {
		l := &b.lanes[i]
		if l.Junction == "" {
			continue
		}
		if l.Kind == lane.Crossing {
			b.chains[lane.ID(i)] = []lane.ID{lane.ID(i)}
			continue
		}
		first := true
		for _, p := range l.Prev {
			first = first && b.lanes[p].Junction == ""
		}
		if !first {
			continue
		}
		chain := []lane.ID{lane.ID(i)}
		for id := lane.ID(i); len(chain) < 8; {
			next := lane.None
			for _, n := range b.lanes[id].Next {
				if b.lanes[n].Junction == l.Junction && b.lanes[n].Kind != lane.Crossing {
					next = n
				}
			}
			if next == lane.None {
				break
			}
			chain, id = append(chain, next), next
		}
		b.chains[chain[len(chain)-1]] = chain
	}
}

// conflicts turns the requests of a junction into conflicts of its lanes.
func (b *builder) conflicts(j *junction) {
	if j.kind == "internal" {
		return
	}
	for i := range j.requests {
		r := &j.requests[i]
		for k := r.index + 1; k < len(j.links) && r.index >= 0; k++ {
			var other request
			for _, q := range j.requests {
				if q.index == k {
					other = q
				}
			}
			if bit(r.foes, k) || bit(other.foes, r.index) || bit(r.response, k) || bit(other.response, r.index) {
				b.cross(b.link(j, r.index), b.link(j, k), bit(r.response, k), bit(other.response, r.index))
			}
		}
	}
}

// bit reads a row of 0 and 1 whose last is that of link 0.
func bit(row string, link int) bool {
	at := len(row) - 1 - link
	return at >= 0 && row[at] == '1'
}

// link gives the internal lanes of a junction's link; none where the net leaves them out.
func (b *builder) link(j *junction, index int) []lane.ID {
	id, there := b.names[j.links[index]]
	if !there {
		return nil
	}
	return b.chains[id]
}

// cross adds the conflicts between two ways through a junction, wherever their lanes touch. Some nets let two ways give
// way to each other, which holds up both for ever; there the general rules decide.
func (b *builder) cross(one, two []lane.ID, oneYields, twoYields bool) {
	if oneYields && twoYields && len(one) > 0 && len(two) > 0 {
		oneYields, twoYields = lane.Rule(&b.lanes[one[0]], &b.lanes[two[0]])
	}
	for _, x := range one {
		for _, y := range two {
			c, ok := lane.Meet(&b.lanes[x], &b.lanes[y])
			if !ok {
				continue
			}
			c.Merge = b.merge(x, y)
			c.With, c.Yield = y, oneYields
			b.lanes[x].Conflicts = append(b.lanes[x].Conflicts, c)
			b.lanes[y].Conflicts = append(b.lanes[y].Conflicts, lane.Conflict{
				With: x, From: c.WithFrom, To: c.WithTo, WithFrom: c.From, WithTo: c.To, Yield: twoYields, Merge: c.Merge,
			})
		}
	}
}

// merge tells whether two lanes end in the same one.
func (b *builder) merge(x, y lane.ID) bool {
	for _, n := range b.lanes[x].Next {
		for _, m := range b.lanes[y].Next {
			if n == m {
				return true
			}
		}
	}
	return false
}
