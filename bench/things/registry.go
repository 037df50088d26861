package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"hutong/bench/rig"
	"hutong/registry"
	"hutong/td"
)

// registry fills a registry, opens it, and searches it as somebody types.
func (s *settings) registry() error {
	file := filepath.Join(s.work, "registry.db")
	if err := s.load(file); err != nil {
		return err
	}
	var open, cpu []float64
	for range s.runs {
		began, before := time.Now(), rig.Own()
		r, err := registry.Open(file)
		if err != nil {
			return err
		}
		n, err := r.Count()
		if err == nil {
			_, err = r.Places()
		}
		if err == nil {
			err = search(r, "room")
		}
		open, cpu = append(open, time.Since(began).Seconds()), append(cpu, (rig.Own()-before).Seconds())
		if err = errors.Join(err, r.Close()); err != nil || n != s.known {
			return fmt.Errorf("%d of %d Things: %w", n, s.known, err)
		}
	}
	r, err := registry.Open(file)
	if err != nil {
		return err
	}
	defer r.Close()
	var took []float64
	dice := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		word := []string{
			fmt.Sprintf("room sensor %d", dice.IntN(s.known)), fmt.Sprintf("building %d", dice.IntN(s.known/600+1)),
			"temperature", "floor 7", fmt.Sprintf("urn:things:%d", dice.IntN(s.known)), "nothing of the kind",
		}[dice.IntN(6)]
		for n := 1; n <= len(word); n++ { // letter by letter
			began := time.Now()
			if err := search(r, word[:n]); err != nil {
				return err
			}
			took = append(took, time.Since(began).Seconds()*1e3)
		}
	}
	start, slow := rig.Median(open), rig.Percentile(took, 0.99)
	fmt.Printf("| a registry of %d Things is open, counted, its places read, and searched once (CPU %.2f s) | **%.2f s** | <= 10 s: %s |\n",
		s.known, rig.Median(cpu), start, rig.Met(start <= 10))
	fmt.Printf("| search as you type in it, %d searches of 20 results: p50 %.1f ms, p99 | **%.1f ms** | < 50 ms: %s |\n",
		len(took), rig.Percentile(took, 0.5), slow, rig.Met(slow < 50))
	return nil
}

// search finds the first 20.
func search(r *registry.Registry, query string) error {
	found, err := r.Search(query)
	if err != nil {
		return err
	}
	n := 0
	for range found {
		if n++; n == 20 {
			break
		}
	}
	return nil
}

// load puts every Thing into a registry.
func (s *settings) load(file string) error {
	r, err := registry.Open(file)
	if err != nil {
		return err
	}
	began := time.Now()
	const workers = 512 // a transaction takes as many
	err = rig.Beside(workers, s.known, func(i int) error { return put(r, i) })
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err == nil {
		fmt.Fprintf(os.Stderr, "%d Things put into a registry in %s, %.2f KB each\n", s.known, time.Since(began).Round(time.Second), float64(info.Size())/float64(s.known)/1024)
	}
	return err
}

func put(r *registry.Registry, i int) error {
	text, err := describe(i)
	if err != nil {
		return err
	}
	d, err := td.Parse(text)
	if err != nil {
		return err
	}
	x, err := d.Compile()
	if err != nil {
		return err
	}
	x.Binding = "mqtt"
	return r.PutTD(x, text)
}
