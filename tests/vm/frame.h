/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two ends of the guest's one virtio-serial port say to each other.
 *
 * Everything of a run travels here: the command's input and output, its exit
 * status, the terminal's size.  A frame is a header and its payload.  The
 * console stays free for the kernel's log.
 */
#ifndef VM_FRAME_H
#define VM_FRAME_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define FRAME_PORT "kgil.run"
#define FRAME_MAX 16384U
/* How much input may be under way before the guest says it took some. */
#define FRAME_CREDIT 65536U

enum frame_type {
	FRAME_INPUT = 'i',  /* to the guest; empty: end of input */
	FRAME_WINDOW = 'w', /* to the guest: struct winsize */
	FRAME_BYE = 'b',    /* to the guest: all was received, power off */
	FRAME_HELLO = 'h',  /* from the guest: the command starts */
	FRAME_TAKEN = 't',  /* from the guest: uint32_t bytes of input taken */
	FRAME_OUTPUT = 'o', /* from the guest */
	FRAME_ERRORS = 'e', /* from the guest: standard error */
	FRAME_EXIT = 'x',   /* from the guest: uint32_t exit status */
};

struct frame {
	uint32_t type;
	uint32_t length;
	unsigned char data[FRAME_MAX];
};

#define FRAME_HEADER offsetof(struct frame, data)

/* Frames as they come in; may end in the middle of one. */
struct frame_reader {
	size_t fill;
	struct frame frame;
};

static inline int write_all(int fd, const void *data, size_t length)
{
	const char *from = data;

	while (length) {
		ssize_t n = write(fd, from, length);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		from += n;
		length -= n;
	}
	return 0;
}

static inline int frame_send(int fd, enum frame_type type, const void *data, uint32_t length)
{
	struct frame frame = { .type = type, .length = length };

	if (length)
		memcpy(frame.data, data, length);
	return write_all(fd, &frame, FRAME_HEADER + length);
}

/*
 * Read what is there, as far as one frame goes.
 *
 * Return: 1: reader->frame is complete; 0: not yet; -1: end or error.
 */
static inline int frame_read(struct frame_reader *reader, int fd)
{
	size_t want = FRAME_HEADER;
	ssize_t n;

	if (reader->fill >= FRAME_HEADER) {
		if (reader->frame.length > FRAME_MAX)
			return -1;
		want += reader->frame.length;
	}
	if (reader->fill < want) {
		n = read(fd, (char *)&reader->frame + reader->fill, want - reader->fill);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return 0;
		if (n <= 0)
			return -1;
		reader->fill += n;
	}
	if (reader->fill < FRAME_HEADER || reader->fill < FRAME_HEADER + reader->frame.length)
		return 0;
	reader->fill = 0;
	return 1;
}

#endif /* VM_FRAME_H */
