package eventlog

import (
	"math/bits"
	"slices"
)

// Quantiles are what is kept of a measure of many tasks. Up to exactSamples tasks they are exact;
// beyond, the middle ones are right to 3 %, and Min, Max and Sum still exact.
type Quantiles struct {
	N                            int64
	Sum, Min, P25, P50, P75, Max int64
}

// exactSamples is how many values a sample keeps as they are.
const exactSamples = 2048

// sample collects the values of a measure in bounded memory. Values below zero count as zero.
type sample struct {
	n, sum, low, high int64
	exact             []int64
	buckets           []uint32 // instead of exact, once there are too many
}

func (s *sample) add(v int64) {
	v = max(v, 0)
	if s.n == 0 || v < s.low {
		s.low = v
	}
	s.high = max(s.high, v)
	s.n++
	s.sum += v
	if s.buckets != nil {
		s.buckets[bucket(v)]++
		return
	}
	s.exact = append(s.exact, v)
	if len(s.exact) > exactSamples {
		s.buckets = make([]uint32, bucket(1<<62)+1<<finer)
		for _, v := range s.exact {
			s.buckets[bucket(v)]++
		}
		s.exact = nil
	}
}

// finer says how many buckets there are between a power of two and the next: 1 << finer.
const finer = 5

// bucket numbers the values so that those of a bucket differ by 3 % at most; small ones have their
// own.
func bucket(v int64) int {
	if v < 1<<finer {
		return int(v)
	}
	power := bits.Len64(uint64(v)) - 1
	return (power-finer+1)<<finer + int(v>>(power-finer)&(1<<finer-1))
}

// middle is a value in the middle of a bucket.
func middle(b int) int64 {
	if b < 2<<finer {
		return int64(b)
	}
	shift := b>>finer - 1
	low := int64(1<<finer+b&(1<<finer-1)) << shift
	return low + int64(1)<<shift/2
}

func (s *sample) quantiles() Quantiles {
	q := Quantiles{N: s.n, Sum: s.sum, Min: s.low, Max: s.high}
	if s.buckets == nil {
		slices.Sort(s.exact)
	}
	q.P25, q.P50, q.P75 = s.at(0.25), s.at(0.5), s.at(0.75)
	return q
}

// at is the quantile p by nearest rank.
func (s *sample) at(p float64) int64 {
	if s.n == 0 {
		return 0
	}
	rank := int64(p * float64(s.n-1))
	if s.buckets == nil {
		return s.exact[rank]
	}
	for b, n := range s.buckets {
		if rank -= int64(n); rank < 0 {
			return min(max(middle(b), s.low), s.high)
		}
	}
	return s.high
}
