// SPDX-License-Identifier: GPL-2.0
/* Random numbers, and numbers that are worth a try. */
#include "fuzz.h"

__u32 below(struct random *random, __u32 bound)
{
	random->state = random->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random->state >> 33) % bound;
}

__u64 any_number(struct random *random)
{
	return (__u64)below(random, 1U << 31) << 33 ^ (__u64)below(random, 1U << 31) << 11 ^
	       below(random, 1U << 31);
}

static const __u64 numbers[] = {
	0,
	1,
	2,
	3,
	4,
	7,
	8,
	63,
	64,
	255,
	4095,
	4096,
	4097,
	KGIL_INTERVAL_MIN - 1,
	KGIL_INTERVAL_MIN,
	KGIL_INTERVAL_DEFAULT,
	KGIL_INTERVAL_MAX,
	KGIL_INTERVAL_MAX + 1,
	KGIL_COUNT_MAX,
	KGIL_COUNT_MAX + 1ULL,
	0xffffffffULL,
	0x100000000ULL,
	0x7fffffffffffffffULL,
	0x8000000000000000ULL,
	0xffffffffffffffffULL,
	0xffff888000000000ULL,
	KGIL_WORD_WAITERS,
	KGIL_WORD_OWNER_DIED,
	KGIL_WORD_CALL,
	KGIL_WORD_VALUE,
	KGIL_WORD_FLAGS,
};

#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

/* Most choices are one of these; some are themselves a number, small or any. */
__u64 value_of_choice(__u64 choice)
{
	__u64 rest = choice >> 8;

	switch (choice & 0xff) {
	case 0 ... 127:
		return numbers[rest % NUMBERS];
	case 128 ... 191:
		return rest % 128;
	case 192 ... 223:
		return numbers[rest % NUMBERS] | numbers[(rest >> 16) % NUMBERS];
	default:
		return rest;
	}
}

size_t size_of_choice(__u64 choice)
{
	static const size_t sizes[] = { 4096, 4096, 4096, 4096, 4096, 0, 1,
					8, 2048, 8192, 4095, 4097, 65536, ~0UL & ~4095UL };

	return sizes[choice % (sizeof(sizes) / sizeof(*sizes))];
}
