package extract

import "math/big"

// sieve is a set of keys that fits into a statement's parameter: one bit for each remainder of a key by a prime.
// It lets every key of the set through and a few others, one in 16 or so, which the join on the keys themselves
// drops afterwards. So a server can leave rows at home without joining anything.
type sieve struct {
	prime int64
	bits  []byte // as PostgreSQL's get_bit counts them: the lowest bit of a byte comes first
}

// bitsPerKey trades the size of the parameter, two bytes a key, for the share of other keys let through.
const bitsPerKey = 16

// newSieve holds the given keys. The divisor is a prime because keys are given out in strides and blocks, which
// would leave most remainders of a power of two unused.
func newSieve(keys []int64) sieve {
	prime := max(int64(len(keys)), 1)*bitsPerKey + 1
	for !big.NewInt(prime).ProbablyPrime(0) { // certain for numbers of this size
		prime += 2
	}
	s := sieve{prime: prime, bits: make([]byte, prime/8+1)}
	for _, key := range keys {
		r := key % prime
		if r < 0 {
			r = -r
		}
		s.bits[r/8] |= 1 << (r % 8)
	}
	return s
}
