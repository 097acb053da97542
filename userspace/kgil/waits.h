/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who waits for whom.
 */
#ifndef KGIL_CMD_WAITS_H
#define KGIL_CMD_WAITS_H

struct net_client;

/* Print it, as a tree or as JSON.  Returns an exit status. */
int waits_print(struct net_client *client);

#endif /* KGIL_CMD_WAITS_H */
