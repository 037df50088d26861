package feed

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// VehiclePositions gives the vehicles as a GTFS Realtime FeedMessage (gtfs-realtime.proto, version 2.0): where each is,
// how it moves, at which stop it stands and whether it takes people. Vehicles with a ride aren't in it, and none has its
// plate: who rides is not to be followed.
func VehiclePositions(s Snapshot) []byte {
	stamp := uint64(max(0, s.At.Unix()))
	header := text(nil, 1, "2.0")
	header = number(header, 2, 0) // FULL_DATASET
	header = number(header, 3, stamp)
	out := message(nil, 1, header)
	for _, v := range s.Vehicles {
		if v.Taken {
			continue
		}
		position := real32(real32(nil, 1, v.Lat), 2, v.Lon)
		position = real32(position, 3, math.Mod(v.Heading+360, 360))
		position = real32(position, 5, v.Speed)
		about := text(text(nil, 1, v.ID), 2, v.Name)
		x := message(nil, 2, position)
		status := uint64(2) // IN_TRANSIT_TO
		if v.Stop != "" {
			status = 1 // STOPPED_AT
		}
		x = number(x, 4, status)
		x = number(x, 5, uint64(max(0, v.Seen.Unix())))
		if v.Stop != "" {
			x = text(x, 7, v.Stop)
		}
		x = message(x, 8, about)
		occupancy := uint64(0) // EMPTY
		if v.Out || !s.System.Open {
			occupancy = 6 // NOT_ACCEPTING_PASSENGERS
		}
		x = number(x, 9, occupancy)
		out = message(out, 2, message(text(nil, 1, v.ID), 4, x))
	}
	return out
}

func text(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func number(b []byte, field protowire.Number, x uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), x)
}

func real32(b []byte, field protowire.Number, x float64) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), math.Float32bits(float32(x)))
}
