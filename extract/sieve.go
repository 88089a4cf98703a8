package extract

import "math/big"

// sieve is a set of keys that fits into a statement's parameter: one bit for each remainder of a key by a prime.
// It lets every key of the set through and a few others, which the join on the keys themselves drops afterwards. So a
// server can leave rows at home without joining anything.
type sieve struct {
	prime int64
	bits  []byte // as PostgreSQL's get_bit counts them: the lowest bit of a byte comes first
}

// maxPrime bounds a sieve at 64 MB: a remainder is a PostgreSQL integer.
const maxPrime = 1 << 29

// newSieve holds the given keys; one in bitsPerKey of the others is let through. The divisor is a prime because keys are
// given out in strides and blocks, which would leave most remainders of a power of two unused.
func newSieve(keys []int64, bitsPerKey int64) sieve {
	prime := min(max(int64(len(keys)), 1)*bitsPerKey+1, maxPrime)
	for !big.NewInt(prime).ProbablyPrime(0) { // certain for numbers of this size
		prime += 2
	}
	s := sieve{prime: prime, bits: make([]byte, prime/8+1)}
	for _, key := range keys {
		r := s.remainder(key)
		s.bits[r/8] |= 1 << (r % 8)
	}
	return s
}

func (s sieve) remainder(key int64) int64 {
	r := key % s.prime
	if r < 0 {
		r = -r
	}
	return r
}

// passes tells whether a key may be one of the set.
func (s sieve) passes(key int64) bool {
	r := s.remainder(key)
	return s.bits[r/8]&(1<<(r%8)) != 0
}
