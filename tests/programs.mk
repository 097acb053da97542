# SPDX-License-Identifier: GPL-2.0
#
# Programs that use the device as the kselftests do, and their helpers.  Included
# with DIR, the directory's name, and PROGRAMS, their names, set; each program says
# what it is made of.  They are static: a guest may have nothing else.

TOP := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))..
BUILD ?= $(TOP)/build
OUTPUT ?= $(BUILD)/$(DIR)
KSELFTEST := $(TOP)/tests/kselftest

CFLAGS += -D_GNU_SOURCE -std=gnu11 -O2 -g -Wall -Wextra -pthread
CPPFLAGS += -I$(TOP)/include/uapi -I$(KSELFTEST) -MMD -MP
LDFLAGS += -static

vpath %.c $(TOP)/tests/$(DIR) $(KSELFTEST)

all: $(addprefix $(OUTPUT)/,$(PROGRAMS))

$(addprefix $(OUTPUT)/,$(PROGRAMS)):
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

$(OUTPUT)/%.o: %.c | $(OUTPUT)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c $< -o $@

$(OUTPUT):
	mkdir -p $@

clean:
	$(RM) -r $(OUTPUT)

.PHONY: all clean
.SECONDARY:

-include $(wildcard $(OUTPUT)/*.d)
