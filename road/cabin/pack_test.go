package cabin

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// Two viewers begin at different frames; each reads all of what follows, piece by piece as it comes.
func TestPackedFramesAreReadFromWhereverOneBegins(t *testing.T) {
	cabins := New(nil, time.Now)
	cabins.Admit("a")
	frame := func(i int) string {
		return fmt.Sprintf(`{"t":%d.5,"objects":[%s]}`, i, strings.TrimSuffix(strings.Repeat(`[77,"truck",332.7,298.9,-3.09,0,6.4,2.5,3],`, 20), ","))
	}
	for _, begin := range []int{1, 4} {
		from, to := io.Pipe()
		go func() {
			defer to.Close()
			viewer := cabins.Of("a").View(true)
			defer viewer.Close()
			_, _ = io.WriteString(to, Opening)
			for i := begin; i < begin+5; i++ {
				cabins.Publish("a", []byte(frame(i)))
				message, _ := viewer.Next()
				if len(message)*3 > len(frame(i)) {
					t.Errorf("frame %d: %d bytes of %d", i, len(message), len(frame(i)))
				}
				_, _ = to.Write(message)
			}
		}()
		z, err := gzip.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		for i := begin; i < begin+5; i++ {
			want := "data: " + frame(i) + "\n\n"
			got := make([]byte, len(want))
			if _, err := io.ReadFull(z, got); err != nil || string(got) != want {
				t.Fatalf("frame %d: %v\n%s", i, err, got)
			}
		}
	}
}

func BenchmarkPack(b *testing.B) {
	piece := []byte(strings.Repeat(`[77,"truck",332.7,298.9,-3.09,0,6.4,2.5,3],`, 50))
	b.SetBytes(int64(len(piece)))
	b.ReportAllocs()
	for b.Loop() {
		Pack(piece)
	}
}
