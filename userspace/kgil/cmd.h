/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The subcommands, a file each.  argv[0] is the subcommand's name; each returns
 * an exit status of err.h.
 */
#ifndef KGIL_CMD_CMD_H
#define KGIL_CMD_CMD_H

int cmd_bench(int argc, char **argv);
int cmd_contend(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_timeline(int argc, char **argv);
int cmd_top(int argc, char **argv);

#endif /* KGIL_CMD_CMD_H */
