/*
 * The native runner: stands between the agent and a script, so that a run needs no agent. It does what agent/runs/wrapper/wrapper.ts
 * does in shell, behind the same files (claim, status, out, err), in one small process a run.
 *
 * `runner spawner` reads orders from descriptor 0 and answers on descriptor 1. For each order it forks a runner, which leads a
 * session of its own: neither the agent's end nor the spawner's ends a run. The spawner exists because forking this small
 * program takes 0.1 ms, and spawning anything from the agent's large process 2 ms.
 *
 * A message is a number of bytes (32 bits, the host's byte order) and that many bytes: a word, the number of a run, and with
 * HOLD its order. On HOLD a runner makes everything ready, up to the script's process, and waits; on GO it takes the claim and starts
 * the script; on DROP, and when the spawner is gone, it ends and nothing has run. So an order is carried out while the agent still
 * writes its journal. Texts are data everywhere: nothing is parsed by a shell, and nothing secret stands in argv or in an environment.
 *
 * Answers are lines: `runner <protocol> <source hash>` once, `started <number> <pid>` or `failed <number> <errno>` for each run, and
 * `gone <pid>` when a runner has ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SOURCE_HASH
#define SOURCE_HASH "unknown"
#endif

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

#define PROTOCOL 2
#define MAX_ORDER_BYTES (16u * 1024 * 1024)
#define MAX_WORDS 65536u
#define MAX_SECRET_BYTES 1024u
#define LIMIT_BLOCK_BYTES 512u
/* Output on its way from a pipe to its file: two full pipes. */
#define STREAM_BYTES (128 * 1024)
/* The room of a pipe, where the system gives it, and of one that was full. */
#define PIPE_BYTES (256 * 1024)
#define MAX_PIPE_BYTES (1024 * 1024)
#define MAX_PIECES 1024
#define MAX_TOLD 512
/* The beginning of a secret is held back until output has been still for so long. */
#define QUIET_MS 100
/* Output whose signal does not come is read all the same after so long. On a busy host a writer may stop before its signal. */
#define STRAGGLER_MS 100
/* A full disk is tried again so often. */
#define RETRY_MS 250
/* The exit code of a runner that found the claim taken. */
#define EXIT_CLAIMED 125
/* The same words as in agent/runs/wrapper/wrapper.ts. */
#define FULL_NOTE "\n[toru] More was printed than is kept of a run: the rest is not here.\n"

/* What a message is about. */
enum word { HOLD = 1, GO, DROP };

/* What the script reads. */
enum input { INPUT_NONE, INPUT_FILE, INPUT_TYPED, INPUT_TEXT };

struct text {
  const char *bytes; /* followed by a NUL */
  size_t length;
};

struct order {
  const char *folder, *later, *cgroup, *boot, *token, *directory, *script;
  uint64_t limit_blocks;
  uint32_t input;
  struct text input_text;
  int typed[3]; /* the ends of the pipes that viewers type into: see open_typed */
  char **argv; /* argv[1] is the script: argv[0] is free for the shell of a script without a first line */
  char **envp;
  struct text *secrets;
  uint32_t secret_count;
};

struct reader {
  char *at, *end;
  bool bad;
};

struct stream {
  const char *name;
  int pipe, file;
  int writer; /* the script's end, kept until the script has ended: it tells when the pipe is full */
  int staged[2]; /* a pipe of the runner's own, for what waits to be put in order */
  uint64_t size; /* of the file */
  bool open, full;
  /* What was read and is not in its file yet, a piece for each write. */
  char bytes[STREAM_BYTES];
  size_t length, pieces[MAX_PIECES], count;
  size_t slots; /* of its pipe: so many writes fit */
  /* The end of what was printed that may be the beginning of a secret, as printed and as shown. */
  char *held, *held_shown;
  size_t held_length, held_written;
};

struct run {
  struct stream streams[2]; /* out, err */
  int status, switches, signals, hold, writer, feeder;
  off_t status_size;
  /* Which stream each signal was about that has not been dealt with. */
  char told[MAX_TOLD];
  size_t told_count;
  size_t settled[2]; /* so many of the signals are of writes that were collected */
  int owed[2]; /* signals of writes that have the other number: see stage */
  int active; /* the stream whose bytes are last in order */
  off_t switches_size;
  uint64_t limit;
  struct text *secrets;
  uint32_t secret_count;
  size_t longest;
  char *work, *work_shown;
  char *feed;
  size_t feed_at, feed_length;
  pid_t script;
  bool ended;
  siginfo_t how;
  int64_t ended_ms;
  size_t page;
};

/* Does the kernel send a signal for every write to a pipe (Linux 5.14)? Elsewhere the order of the streams is best effort. */
static bool signals_writes;

/* ---- small things ---- */

static void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, (ms % 1000) * 1000000};
  while (nanosleep(&time, &time) == -1 && errno == EINTR) continue;
}

static int64_t now_ms(void) {
  struct timespec time;
  if (clock_gettime(CLOCK_REALTIME, &time) != 0) return 0;
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* Writes all of it to a pipe or socket. Returns false when nobody reads any more. */
static bool write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

/* Reads exactly so much. Returns false at the end of the input. */
static bool read_all(int fd, char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = read(fd, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    length -= (size_t)count;
  }
  return true;
}

/* The line of /proc/<pid>/stat, which tells a process from all that had or will have its pid. Returns false when it is gone. */
static bool stat_of(pid_t pid, char *line, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, line, size - 1);
  close(fd);
  if (length <= 0) return false;
  line[length] = '\0';
  /* A program may be named anything, and this becomes one line. */
  for (char *at = line; *at != '\0'; at += 1)
    if (*at == '\n') *at = at[1] == '\0' ? '\0' : '?';
  return true;
}

/* ---- the order ---- */

static uint32_t read_number(struct reader *reader) {
  uint32_t number = 0;
  if (reader->bad || reader->end - reader->at < (ptrdiff_t)sizeof number) {
    reader->bad = true;
    return 0;
  }
  memcpy(&number, reader->at, sizeof number);
  reader->at += sizeof number;
  return number;
}

/* A length, that many bytes, and a NUL. */
static struct text read_text(struct reader *reader) {
  uint32_t length = read_number(reader);
  struct text text = {"", 0};
  if (reader->bad || (size_t)(reader->end - reader->at) < (size_t)length + 1 || reader->at[length] != '\0') {
    reader->bad = true;
    return text;
  }
  text = (struct text){reader->at, length};
  reader->at += (size_t)length + 1;
  return text;
}

/* A text without a NUL inside. */
static char *read_word(struct reader *reader) {
  char *at = reader->at + sizeof(uint32_t);
  struct text text = read_text(reader);
  if (reader->bad || memchr(text.bytes, '\0', text.length) != NULL) {
    reader->bad = true;
    return NULL;
  }
  return at;
}

/* A number of words, as execve wants them, behind `before` free places. NULL when they can't be had. */
static char **read_words(struct reader *reader, uint32_t before) {
  uint32_t count = read_number(reader);
  if (reader->bad || count > MAX_WORDS) {
    reader->bad = true;
    return NULL;
  }
  char **words = calloc((size_t)before + count + 1, sizeof *words);
  if (words == NULL) {
    reader->bad = true;
    return NULL;
  }
  for (uint32_t i = 0; i < count; i += 1) words[before + i] = read_word(reader);
  return words;
}

static void free_order(struct order *order) {
  free(order->argv);
  free(order->envp);
  free(order->secrets);
}

/* Takes an order apart, in place. Returns false when it is none; free_order is called for it in any case. */
static bool read_order(struct order *order, struct reader reader) {
  *order = (struct order){.typed = {-1, -1, -1}};
  order->folder = read_word(&reader);
  order->later = read_word(&reader);
  order->cgroup = read_word(&reader);
  order->boot = read_word(&reader);
  order->token = read_word(&reader);
  order->limit_blocks = read_number(&reader);
  order->input = read_number(&reader);
  order->input_text = read_text(&reader);
  order->directory = read_word(&reader);
  order->argv = read_words(&reader, 1);
  order->envp = read_words(&reader, 0);
  order->secret_count = read_number(&reader);
  if (reader.bad || order->secret_count > MAX_WORDS || order->input > INPUT_TEXT || order->argv[1] == NULL) return false;
  order->script = order->argv[1];
  order->secrets = calloc((size_t)order->secret_count + 1, sizeof *order->secrets);
  if (order->secrets == NULL) return false;
  for (uint32_t i = 0; i < order->secret_count && !reader.bad; i += 1) {
    order->secrets[i] = read_text(&reader);
    if (order->secrets[i].length == 0 || order->secrets[i].length > MAX_SECRET_BYTES) reader.bad = true;
  }
  /* A status line holds them: no line break, and room for all lines. */
  if (reader.bad || reader.at != reader.end) return false;
  if (strlen(order->boot) > 64 || strlen(order->token) > 64 || strlen(order->cgroup) > 400) return false;
  return strpbrk(order->boot, "\n ") == NULL && strpbrk(order->token, "\n ") == NULL && strchr(order->cgroup, '\n') == NULL;
}

/* ---- status, and the files of the output ---- */

/* Has the script ended? Remembers when. It stays a zombie until the runner ends, so that nobody else gets its pid. */
static void look_for_end(struct run *run) {
  if (run->ended) return;
  run->how.si_pid = 0;
  if (waitid(P_PID, (id_t)run->script, &run->how, WEXITED | WNOHANG | WNOWAIT) != 0 || run->how.si_pid != run->script) return;
  run->ended = true;
  run->ended_ms = now_ms();
}

/* Writes at a place of a file, and waits for room as long as the disk is full: nothing that was printed is lost. */
static void write_at(struct run *run, int fd, const char *bytes, size_t length, off_t at) {
  while (length > 0) {
    ssize_t written = pwrite(fd, bytes, length, at);
    if (written > 0) {
      bytes += written;
      length -= (size_t)written;
      at += written;
    } else if (written == 0 || errno != EINTR) {
      if (run->script > 0) look_for_end(run);
      sleep_ms(RETRY_MS);
    }
  }
}

/* Adds lines to the status. Room for them was set aside when the file was made. */
__attribute__((format(printf, 2, 3))) static void tell(struct run *run, const char *format, ...) {
  char lines[2048];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(lines, sizeof lines, format, values);
  va_end(values);
  if (length <= 0 || (size_t)length >= sizeof lines) return;
  write_at(run, run->status, lines, (size_t)length, run->status_size);
  run->status_size += length;
}

/*
 * Before a stream's bytes follow those of the other one, it is written down where both stand: `switches` holds pairs of 64-bit
 * numbers (bytes of out, bytes of err), and from each on the other stream goes on. It begins with out.
 */
static void switch_to(struct run *run, int active) {
  if (run->active == active) return;
  /* Made at the first switch, and only then: where the script has made something of that name, nothing is written down. */
  if (run->switches_size == 0) run->switches = open("switches", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  uint64_t places[2] = {run->streams[0].size, run->streams[1].size};
  if (run->switches >= 0) write_at(run, run->switches, (const char *)places, sizeof places, run->switches_size);
  run->switches_size += (off_t)sizeof places;
  run->active = active;
}

/* Puts output into its file, up to the limit. */
static void keep(struct run *run, struct stream *stream, const char *bytes, size_t length) {
  if (length == 0 || stream->full) return;
  switch_to(run, (int)(stream - run->streams));
  uint64_t room = run->limit == 0 ? UINT64_MAX : run->limit - stream->size;
  size_t kept = length < room ? length : (size_t)room;
  write_at(run, stream->file, bytes, kept, (off_t)stream->size);
  stream->size += kept;
  if (kept == length) return;
  stream->full = true;
  tell(run, "full %s\n", stream->name);
  write_at(run, stream->file, FULL_NOTE, sizeof FULL_NOTE - 1, (off_t)stream->size);
  stream->size += sizeof FULL_NOTE - 1;
}

/* ---- secrets ---- */

/* Is this the beginning of a secret, and not all of it? */
static bool begins_secret(const struct run *run, const char *bytes, size_t length) {
  for (uint32_t i = 0; i < run->secret_count; i += 1)
    if (length < run->secrets[i].length && memcmp(run->secrets[i].bytes, bytes, length) == 0) return true;
  return false;
}

/*
 * Replaces secrets by asterisks, whatever reads they came in, and keeps the rest. What may be the beginning of a secret is
 * held back. Where some of that was let go in a pause, and a secret it was, it is overwritten in the file.
 */
static void keep_masked(struct run *run, struct stream *stream, const char *bytes, size_t length) {
  size_t all = stream->held_length + length, written = stream->held_written;
  char *work = run->work, *shown = run->work_shown;
  memcpy(work, stream->held, stream->held_length);
  memcpy(shown, stream->held_shown, stream->held_length);
  memcpy(work + stream->held_length, bytes, length);
  memcpy(shown + stream->held_length, bytes, length);
  bool first[256] = {false};
  for (uint32_t i = 0; i < run->secret_count; i += 1) first[(unsigned char)run->secrets[i].bytes[0]] = true;
  size_t hold = all;
  for (size_t at = 0; at < all; at += 1) {
    if (!first[(unsigned char)work[at]]) continue;
    for (uint32_t i = 0; i < run->secret_count; i += 1) {
      size_t size = run->secrets[i].length;
      if (size <= all - at && memcmp(work + at, run->secrets[i].bytes, size) == 0) memset(shown + at, '*', size);
    }
    if (hold == all && all - at < run->longest && begins_secret(run, work + at, all - at)) hold = at;
  }
  if (written > 0 && !stream->full && memcmp(shown, stream->held_shown, written) != 0)
    write_at(run, stream->file, shown, written, (off_t)(stream->size - written));
  if (hold > written) keep(run, stream, shown + written, hold - written);
  stream->held_length = all - hold;
  stream->held_written = written > hold ? written - hold : 0;
  memcpy(stream->held, work + hold, stream->held_length);
  memcpy(stream->held_shown, shown + hold, stream->held_length);
}

/* Lets go of what may be the beginning of a secret: nothing came after it. */
static void let_go(struct run *run, struct stream *stream) {
  if (stream->held_length > stream->held_written)
    keep(run, stream, stream->held_shown + stream->held_written, stream->held_length - stream->held_written);
  stream->held_written = stream->held_length;
}

static bool holds_back(const struct stream *stream) {
  return stream->held_length > stream->held_written;
}

/* ---- the pumps ---- */

static void close_pipe(struct stream *stream) {
  close_fd(&stream->pipe);
  stream->open = false;
}

/* How many bytes wait in a pipe. */
static size_t bytes_in(int pipe) {
  int count = 0;
  return pipe >= 0 && ioctl(pipe, FIONREAD, &count) == 0 && count > 0 ? (size_t)count : 0;
}

/* Has it output that was not taken yet? */
static bool has_more(const struct stream *stream) {
  return stream->count > 0 || bytes_in(stream->staged[0]) > 0 || bytes_in(stream->pipe) > 0;
}

/* Reads once, `most` bytes at most: a piece. Returns how long it is; 0 when there is nothing now, or no room. */
static size_t read_piece(struct run *run, struct stream *stream, int fd, size_t most) {
  size_t room = sizeof stream->bytes - stream->length;
  if (fd < 0 || stream->count == MAX_PIECES || room < run->page) return 0;
  ssize_t count;
  do count = read(fd, stream->bytes + stream->length, most < room ? most : room);
  while (count < 0 && errno == EINTR);
  if (count <= 0) return 0;
  stream->pieces[stream->count] = (size_t)count;
  stream->count += 1;
  stream->length += (size_t)count;
  return (size_t)count;
}

/* Reads the signals that are there, as the numbers of their streams. Returns false when the kernel had no room for some. */
static bool read_signals(struct run *run) {
  static struct signalfd_siginfo infos[32];
  bool complete = true;
  while (run->told_count + sizeof infos / sizeof *infos <= MAX_TOLD) {
    ssize_t length = read(run->signals, infos, sizeof infos);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) break;
    for (size_t i = 0; i < (size_t)length / sizeof *infos; i += 1) {
      if (infos[i].ssi_signo == (uint32_t)SIGIO) complete = false;
      for (int of = 0; of < 2; of += 1) {
        if (infos[i].ssi_fd != run->streams[of].pipe) continue;
        if (infos[i].ssi_signo == (uint32_t)SIGRTMIN + 1 && run->owed[of]-- <= 0) run->owed[of] = 0;
        else if (infos[i].ssi_signo >= (uint32_t)SIGRTMIN) run->told[run->told_count++] = (char)of;
      }
    }
  }
  return complete;
}

/* How many of the first `count` signals are about a stream. */
static size_t told_of(const struct run *run, int of, size_t count) {
  size_t told = 0;
  for (size_t i = 0; i < count; i += 1) told += run->told[i] == of ? 1 : 0;
  return told;
}

/* Forgets the last `surplus` signals of a stream among the first `count` signals. */
static void forget(struct run *run, int of, size_t count, size_t surplus) {
  for (size_t i = count; i-- > 0 && surplus > 0;) {
    if (run->told[i] != of) continue;
    memmove(run->told + i, run->told + i + 1, run->told_count - i - 1);
    run->told_count -= 1;
    surplus -= 1;
    for (int each = 0; each < 2; each += 1) run->settled[each] -= i < run->settled[each] ? 1 : 0;
  }
}

static bool is_full(const struct stream *stream) {
  struct pollfd fd = {stream->writer, POLLOUT, 0};
  return poll(&fd, 1, 0) == 0;
}

/*
 * Moves all that was printed until one moment into a pipe of the runner's own, where nobody adds to it while it is looked at.
 * A writer that waits for room has made a signal that stands for no write. While the pipe is full every signal is such a one: they
 * get another number then, and are left out. Returns false when not all was moved.
 */
static bool stage(struct run *run, int of) {
  struct stream *stream = &run->streams[of];
  size_t waiting = bytes_in(stream->pipe);
  if (waiting == 0) return true;
  if (stream->staged[0] < 0) {
    if (pipe2(stream->staged, O_CLOEXEC | O_NONBLOCK) != 0) stream->staged[0] = stream->staged[1] = -1;
    if (stream->staged[1] < 0) return false;
    (void)fcntl(stream->staged[1], F_SETPIPE_SZ, (int)(stream->slots * run->page));
  }
  bool full = is_full(stream);
  if (full) {
    (void)fcntl(stream->pipe, F_SETSIG, SIGRTMIN + 1);
    (void)read_signals(run);
    size_t told = told_of(run, of, run->told_count);
    size_t writes = stream->count + stream->slots;
    /* One that was made before: it is the last. Or that of the last write is still to come, with the other number. */
    if (told > writes) forget(run, of, run->told_count, told - writes);
    run->owed[of] = told < writes ? 1 : 0;
  }
  ssize_t moved = splice(stream->pipe, NULL, stream->staged[1], NULL, MAX_PIPE_BYTES, SPLICE_F_NONBLOCK);
  if (full) (void)fcntl(stream->pipe, F_SETSIG, SIGRTMIN);
  return moved >= (ssize_t)waiting;
}

/* Reads what was staged. A writer that had filled the pipe gets a larger one, so that it seldom has to wait. */
static void collect(struct run *run, struct stream *stream, bool staged) {
  if (!staged && stream->staged[0] < 0) (void)read_piece(run, stream, stream->pipe, sizeof stream->bytes);
  while (read_piece(run, stream, stream->staged[0], sizeof stream->bytes) > 0) continue;
  if (stream->count < stream->slots || stream->slots * run->page >= MAX_PIPE_BYTES || stream->staged[1] < 0) return;
  int size = fcntl(stream->pipe, F_SETPIPE_SZ, MAX_PIPE_BYTES);
  if (size > 0 && fcntl(stream->staged[1], F_SETPIPE_SZ, size) == size) stream->slots = (size_t)size / run->page;
  else stream->slots = MAX_PIECES;
}

/* Brings so many pieces of a stream to its file. */
static void put(struct run *run, struct stream *stream, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i += 1) length += stream->pieces[i];
  if (length == 0) return;
  struct stream *other = stream == &run->streams[0] ? &run->streams[1] : &run->streams[0];
  if (run->secret_count == 0) keep(run, stream, stream->bytes, length);
  else {
    /* What follows in this stream would otherwise stand before it. */
    if (holds_back(other)) let_go(run, other);
    keep_masked(run, stream, stream->bytes, length);
  }
  stream->length -= length;
  stream->count -= count;
  memmove(stream->bytes, stream->bytes + length, stream->length);
  memmove(stream->pieces, stream->pieces + count, stream->count * sizeof *stream->pieces);
}

/* Takes what waits now in a stream, and not what comes meanwhile. */
static void take_waiting(struct run *run, struct stream *stream) {
  size_t left = bytes_in(stream->staged[0]) + bytes_in(stream->pipe);
  put(run, stream, stream->count);
  const int pipes[] = {stream->staged[0], stream->pipe};
  for (int i = 0; i < 2; i += 1) {
    for (size_t count; left > 0 && (count = read_piece(run, stream, pipes[i], left)) > 0; put(run, stream, stream->count)) left -= count;
  }
}

/* Writes that came another way than through a pipe that keeps them apart (`>/dev/stderr`) are one piece: its lines are taken for them. */
static void split_lines(struct stream *stream, size_t more) {
  char *at = stream->bytes;
  for (size_t i = 0; i < stream->count && more > 0 && stream->count < MAX_PIECES; i += 1) {
    char *line = memchr(at, '\n', stream->pieces[i] - 1);
    if (line != NULL) {
      size_t first = (size_t)(line + 1 - at);
      memmove(stream->pieces + i + 1, stream->pieces + i, (stream->count - i) * sizeof *stream->pieces);
      stream->pieces[i] = first;
      stream->pieces[i + 1] -= first;
      stream->count += 1;
      more -= 1;
    }
    at += stream->pieces[i];
  }
}

/* Where there are more signals of collected writes than pieces, some pieces are several writes, or some signals are of none. */
static void forget_surplus(struct run *run, int of) {
  struct stream *stream = &run->streams[of];
  if (bytes_in(stream->staged[0]) > 0) return;
  size_t told = told_of(run, of, run->settled[of]);
  if (told > stream->count && stream->count < stream->slots) split_lines(stream, told - stream->count);
  if (told > stream->count) forget(run, of, run->settled[of], told - stream->count);
}

/*
 * Output in the order in which it was written. The kernel queues a signal for every write to either pipe, and hands the signals
 * over in that order: each stands for the next piece of its stream. A write of several pages is several full pieces. Returns false when signals were lost.
 */
static bool take_told(struct run *run) {
  bool complete = read_signals(run);
  while (run->told_count > 0) {
    bool staged[2];
    for (int of = 0; of < 2; of += 1) {
      run->settled[of] = run->told_count;
      staged[of] = stage(run, of);
      if (!staged[of]) run->settled[of] = 0;
      complete = read_signals(run) && complete;
      /* One that came meanwhile may be of a write that was not staged: then that still waits. */
      if (bytes_in(run->streams[of].pipe) == 0) run->settled[of] = run->told_count;
    }
    for (int of = 0; of < 2; of += 1) collect(run, &run->streams[of], staged[of]);
    for (int of = 0; of < 2; of += 1) forget_surplus(run, of);
    size_t told[2] = {told_of(run, 0, run->told_count), told_of(run, 1, run->told_count)}, done = 0;
    /* Pieces of one stream that follow each other go to its file at once. */
    for (size_t pieces = 0; done < run->told_count; done += 1) {
      int of = run->told[done];
      struct stream *stream = &run->streams[of];
      if (pieces == stream->count) break;
      told[of] -= 1;
      while (stream->pieces[pieces] % run->page == 0 && pieces + 1 < stream->count && stream->count - pieces - 1 > told[of]) pieces += 1;
      pieces += 1;
      if (done + 1 < run->told_count && run->told[done + 1] == of && pieces < stream->count) continue;
      put(run, stream, pieces);
      pieces = 0;
    }
    run->told_count -= done;
    memmove(run->told, run->told + done, run->told_count);
  }
  return complete;
}

static void set_flags(int fd, int flags) {
  int now = fcntl(fd, F_GETFL);
  if (now >= 0) (void)fcntl(fd, F_SETFL, now | flags);
}

/* A pipe that keeps writes apart and makes a signal for each, where the kernel can do that. */
static bool open_pipe(int ends[2]) {
  if (!signals_writes) {
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    set_flags(ends[0], O_NONBLOCK);
    return true;
  }
  if (pipe2(ends, O_CLOEXEC | O_DIRECT) != 0) return false;
  /* Room for more small writes: a writer that has to wait is told from others only as a rule. */
  (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
  (void)fcntl(ends[0], F_SETOWN, getpid());
  (void)fcntl(ends[0], F_SETSIG, SIGRTMIN);
  set_flags(ends[0], O_NONBLOCK | O_ASYNC);
  return true;
}

/* Tries it: two writes, without a read between them. SIGRTMIN is blocked. */
static void try_signals(void) {
  int ends[2];
  signals_writes = true;
  if (!open_pipe(ends)) {
    signals_writes = false;
    return;
  }
  int count = 0;
  sigset_t told;
  sigemptyset(&told);
  sigaddset(&told, SIGRTMIN);
  const struct timespec now = {0, 0};
  if (write(ends[1], "1", 1) == 1 && write(ends[1], "2", 1) == 1)
    while (sigtimedwait(&told, NULL, &now) == SIGRTMIN) count += 1;
  char byte[2];
  signals_writes = count == 2 && read(ends[0], byte, sizeof byte) == 1;
  close(ends[0]);
  close(ends[1]);
}

/* A pipe for one stream. Returns the end for the script, or -1. */
static int open_stream(const struct run *run, struct stream *stream, const char *name) {
  int ends[2];
  stream->name = name;
  stream->pipe = stream->writer = stream->staged[0] = stream->staged[1] = -1;
  stream->file = open(name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat info;
  if (stream->file < 0 || fstat(stream->file, &info) != 0) return -1;
  stream->size = (uint64_t)info.st_size;
  if (!open_pipe(ends)) return -1;
  stream->pipe = ends[0];
  stream->writer = ends[1];
  int size = fcntl(ends[0], F_GETPIPE_SZ);
  stream->slots = size > 0 ? (size_t)size / run->page : 1;
  stream->open = true;
  return ends[1];
}

/* ---- the script ---- */

/* What the script reads. Returns its descriptor, or -1. */
static int open_input(struct run *run, const struct order *order) {
  if (order->input == INPUT_FILE) return open("stdin", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (order->input == INPUT_TEXT) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    run->feed = malloc(order->input_text.length + 1);
    if (run->feed == NULL) return -1;
    memcpy(run->feed, order->input_text.bytes, order->input_text.length);
    run->feed_length = order->input_text.length;
    run->feeder = ends[1];
    set_flags(run->feeder, O_NONBLOCK);
    return ends[0];
  }
  if (order->input == INPUT_NONE) return open("/dev/null", O_RDONLY | O_CLOEXEC);
  run->hold = order->typed[1];
  run->writer = order->typed[2];
  int flags = fcntl(order->typed[0], F_GETFL);
  if (flags < 0 || fcntl(order->typed[0], F_SETFL, flags & ~O_NONBLOCK) != 0) return -1;
  return order->typed[0];
}

/* Waits for the word that comes through a pipe. Returns false when who would say it is gone, or has changed its mind. */
static bool wait_for_word(int gate) {
  char word;
  return read_all(gate, &word, 1);
}

/*
 * Becomes the script, in a session and group of its own, when it is told to through `gate`. It is born with all signals blocked: the
 * runner ignores them, and one that is sent to the new group before they have their usual meaning again would be lost.
 */
static _Noreturn void be_script(const struct order *order, int input, int out, int err, int gate) {
  setsid();
#ifdef LATE_SCRIPT_MS
  sleep_ms(LATE_SCRIPT_MS);
#endif
  if (dup2(input, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
  for (int number = 1; number < NSIG; number += 1) (void)signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  const char *what = order->directory;
  int problem = chdir(order->directory) == 0 ? 0 : errno;
  if (!wait_for_word(gate)) _exit(0);
  errno = problem;
  if (problem == 0) {
    what = order->script;
    (void)execve(order->script, order->argv + 1, order->envp);
    if (errno == ENOEXEC) {
      order->argv[0] = (char[]){"/bin/sh"};
      (void)execve("/bin/sh", order->argv, order->envp);
    }
  }
  int code = errno == ENOENT ? 127 : 126;
  dprintf(2, "toru: %s: %s\n", what, strerror(errno));
  _exit(code);
}

/* Gives the script some of the text that it is to read. */
static void feed_script(struct run *run) {
  while (run->feed_at < run->feed_length) {
    ssize_t written = write(run->feeder, run->feed + run->feed_at, run->feed_length - run->feed_at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written <= 0) break;
    run->feed_at += (size_t)written;
  }
  explicit_bzero(run->feed, run->feed_length);
  close_fd(&run->feeder);
}

/* How the script ended, as words: `exit <code>`, `signal <number>`, or `core <number>`. */
static const char *way_of(const siginfo_t *how) {
  return how->si_code == CLD_EXITED ? "exit" : how->si_code == CLD_DUMPED ? "core" : "signal";
}

/* The script's life: brings its output to the files until it ends. */
static void pump(struct run *run) {
  bool complete = true, straggling = false;
  do {
    struct pollfd fds[] = {
      {run->signals, POLLIN, 0},
      {signals_writes ? -1 : run->streams[0].pipe, POLLIN, 0},
      {signals_writes ? -1 : run->streams[1].pipe, POLLIN, 0},
      {run->hold, 0, 0},
      {run->feeder, POLLOUT, 0},
    };
    bool held = holds_back(&run->streams[0]) || holds_back(&run->streams[1]);
    int ready = poll(fds, sizeof fds / sizeof *fds, straggling ? STRAGGLER_MS : held ? QUIET_MS : -1);
    if (ready < 0 && errno != EINTR) sleep_ms(STRAGGLER_MS);
    complete = take_told(run) && complete;
    look_for_end(run);
    for (int of = 0; of < 2; of += 1) {
      /* Signals say nothing of it, were lost, or one is long overdue. */
      bool rest = !complete || (ready == 0 && straggling) || (ready > 0 && fds[1 + of].revents != 0);
      if (rest && !run->ended) take_waiting(run, &run->streams[of]);
    }
    complete = true;
    if (ready == 0 && held && !straggling)
      for (int of = 0; of < 2; of += 1) let_go(run, &run->streams[of]);
    if (ready > 0 && fds[3].revents != 0) {
      close_fd(&run->hold);
      close_fd(&run->writer);
    }
    if (ready > 0 && fds[4].revents != 0) feed_script(run);
    straggling = has_more(&run->streams[0]) || has_more(&run->streams[1]);
  } while (!run->ended);
}

/* After the script's end: what it printed is there or in the pipes now. Its background children are read and not kept. */
static void finish(struct run *run) {
  (void)take_told(run);
  for (int of = 0; of < 2; of += 1) take_waiting(run, &run->streams[of]);
  for (int of = 0; of < 2; of += 1) {
    let_go(run, &run->streams[of]);
    close_fd(&run->streams[of].writer);
  }
}

/* Reads what background children print, until the last of them has ended or closed its output. */
static void drain(struct run *run) {
  for (int of = 0; of < 2; of += 1) {
    if (!run->streams[of].open) continue;
    int flags = fcntl(run->streams[of].pipe, F_GETFL);
    if (flags >= 0) (void)fcntl(run->streams[of].pipe, F_SETFL, flags & ~O_ASYNC);
  }
  while (run->streams[0].open || run->streams[1].open) {
    struct pollfd fds[] = {{run->streams[0].pipe, POLLIN, 0}, {run->streams[1].pipe, POLLIN, 0}};
    if (poll(fds, 2, -1) <= 0) continue;
    for (int of = 0; of < 2; of += 1) {
      if (fds[of].revents == 0) continue;
      ssize_t count = read(fds[of].fd, run->streams[of].bytes, sizeof run->streams[of].bytes);
      if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) close_pipe(&run->streams[of]);
    }
  }
}

/* Are both streams at their end? Then nobody is left who could print. */
static bool at_end(struct run *run) {
  for (int of = 0; of < 2; of += 1) {
    struct pollfd fd = {run->streams[of].pipe, POLLIN, 0};
    if (run->streams[of].open && poll(&fd, 1, 0) > 0 && fd.revents == POLLHUP) close_pipe(&run->streams[of]);
  }
  return !run->streams[0].open && !run->streams[1].open;
}

/* Copies the secrets out of the order, and makes room for what is held back. Returns false without memory. */
static bool take_secrets(struct run *run, const struct order *order) {
  run->secret_count = order->secret_count;
  if (run->secret_count == 0) return true;
  run->secrets = calloc(run->secret_count, sizeof *run->secrets);
  if (run->secrets == NULL) return false;
  for (uint32_t i = 0; i < run->secret_count; i += 1) {
    size_t length = order->secrets[i].length;
    char *copy = malloc(length);
    if (copy == NULL) return false;
    memcpy(copy, order->secrets[i].bytes, length);
    run->secrets[i] = (struct text){copy, length};
    if (length > run->longest) run->longest = length;
  }
  run->work = malloc(run->longest + STREAM_BYTES);
  run->work_shown = malloc(run->longest + STREAM_BYTES);
  for (int of = 0; of < 2; of += 1) {
    run->streams[of].held = malloc(run->longest);
    run->streams[of].held_shown = malloc(run->longest);
    if (run->streams[of].held == NULL || run->streams[of].held_shown == NULL) return false;
  }
  return run->work != NULL && run->work_shown != NULL;
}

/* Keeps descriptors 0, 1 and 2 taken, so that no file of the run becomes one of them. */
static bool clear_descriptors(const int *others, size_t count) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return false;
  for (int fd = 0; fd < 3; fd += 1)
    if (null != fd && dup2(null, fd) < 0) return false;
  if (null > 2) close(null);
  for (size_t i = 0; i < count; i += 1)
    if (others[i] > 2) close(others[i]);
  return true;
}

/*
 * Makes `claim`, if nobody else has. A second name for `status` is made in 0.02 ms; a file of its own takes ext4 up to 3 ms after
 * many files were removed, and only the name counts. Some file systems have no second names.
 */
static bool take_claim(void) {
  if (link("status", "claim") == 0) return true;
  if (errno == EEXIST) return false;
  int claim = open("claim", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (claim < 0) return false;
  close(claim);
  return true;
}

/*
 * One run, in a process of its own, with its files in `folder`, when it is told to through `gate`. `bytes` is the order's memory.
 * Returns the exit code.
 */
static int be_runner(struct order *order, char *bytes, size_t length, int folder, int gate) {
  static struct run run;
  run.status = run.switches = run.hold = run.writer = run.feeder = -1;
  run.page = (size_t)sysconf(_SC_PAGESIZE);
  if (run.page == 0 || run.page > STREAM_BYTES / 2) run.page = 4096;
  /* It outlives whatever its run, its agent and its terminal are told; only KILL ends it. */
  for (int number = 1; number < NSIG; number += 1)
    if (number != SIGCHLD && number != SIGCONT && number < SIGRTMIN) (void)signal(number, SIG_IGN);
  (void)signal(SIGIO, SIG_DFL);
  sigset_t told, all;
  sigfillset(&all);
  sigemptyset(&told);
  sigaddset(&told, SIGCHLD);
  sigaddset(&told, SIGIO);
  sigaddset(&told, SIGRTMIN);
  sigaddset(&told, SIGRTMIN + 1);
  if (sigprocmask(SIG_SETMASK, &told, NULL) != 0) return 1;
  run.signals = signalfd(-1, &told, SFD_CLOEXEC | SFD_NONBLOCK);
  if (run.signals < 0 || !take_secrets(&run, order)) return 1;
  run.limit = order->limit_blocks * LIMIT_BLOCK_BYTES;
  if (fchdir(folder) != 0) return 1;
  close(folder);
  run.status = open("status", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  int out = open_stream(&run, &run.streams[0], "out");
  int err = open_stream(&run, &run.streams[1], "err");
  int input = open_input(&run, order);
  struct stat of_out, of_err;
  if (run.status < 0 || out < 0 || err < 0 || input < 0 || fstat(out, &of_out) != 0 || fstat(err, &of_err) != 0) return 1;
  char line[512], leader[512] = "";
  int start[2];
  if (!stat_of(getpid(), line, sizeof line) || pipe2(start, O_CLOEXEC) != 0) return 1;
  (void)sigprocmask(SIG_SETMASK, &all, NULL);
  run.script = fork();
  if (run.script == 0) {
    close(start[1]);
    be_script(order, input, out, err, start[0]);
  }
  (void)sigprocmask(SIG_SETMASK, &told, NULL);
  close(start[0]);
  close(input);
  bool led = run.script > 0 && stat_of(run.script, leader, sizeof leader);
  if (!wait_for_word(gate)) return 0;
  close(gate);
  /* Of all runners and agents that want this run, one makes the claim. */
  if (!take_claim()) return errno == EEXIST ? EXIT_CLAIMED : 1;
  char cgroup[512] = "", limit[64] = "";
  if (order->cgroup[0] != '\0') snprintf(cgroup, sizeof cgroup, "cgroup %s\n", order->cgroup);
  if (order->limit_blocks > 0) snprintf(limit, sizeof limit, "limit %llu\n", (unsigned long long)order->limit_blocks);
  /* In one write: each wakes the agent. */
  tell(&run, "%s%sboot %s\nstat %s\npipes %llu %llu\n%s%s%s", cgroup, limit, order->boot, line, (unsigned long long)of_out.st_ino,
       (unsigned long long)of_err.st_ino, led ? "leader " : "", leader, led ? "\n" : "");
  char token[65];
  snprintf(token, sizeof token, "%s", order->token);
  if (run.script < 0) {
    tell(&run, "ended %s exit 126 %lld 0 0\ndrained\n", token, (long long)now_ms());
    return 0;
  }
  (void)write_all(start[1], "g", 1);
  close(start[1]);
  free_order(order);
  explicit_bzero(bytes, length);
  free(bytes);
  pump(&run);
  finish(&run);
  close_fd(&run.hold);
  close_fd(&run.writer);
  close_fd(&run.feeder);
  bool drained = at_end(&run);
  tell(&run, "ended %s %s %d %lld %llu %llu\n%s", token, way_of(&run.how), run.how.si_status, (long long)run.ended_ms,
       (unsigned long long)run.streams[0].size, (unsigned long long)run.streams[1].size, drained ? "drained\n" : "");
  explicit_bzero(token, sizeof token);
  (void)waitid(P_PID, (id_t)run.script, &run.how, WEXITED | WNOHANG);
  if (drained) return 0;
  drain(&run);
  tell(&run, "drained\n");
  return 0;
}

/* ---- the spawner ---- */

/* The first fields of the kernel's clone_args; the last one says into which cgroup. */
struct into_cgroup {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
#define CLONE_INTO_CGROUP_FLAG 0x200000000ull

/* The folder above may have been taken for one that nobody uses any more. */
static bool make_cgroup(const char *path) {
  if (mkdir(path, 0755) == 0 || errno == EEXIST) return true;
  const char *name = strrchr(path, '/');
  char above[512];
  int length = name == NULL ? -1 : snprintf(above, sizeof above, "%.*s", (int)(name - path), path);
  if (errno != ENOENT || length < 0 || (size_t)length >= sizeof above) return false;
  return (mkdir(above, 0755) == 0 || errno == EEXIST) && mkdir(path, 0755) == 0;
}

/*
 * Forks, into a cgroup that it makes, when there is to be one: being born in it costs nothing, moving into it up to 18 ms. Where that can't be done,
 * the child moves. Where that fails too, `*cgroup` becomes "": the run is swept for instead.
 */
static pid_t fork_into(const char **cgroup) {
  if ((*cgroup)[0] != '\0' && !make_cgroup(*cgroup)) *cgroup = "";
  if ((*cgroup)[0] == '\0') return fork();
  int fd = open(*cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    struct into_cgroup how = {.flags = CLONE_INTO_CGROUP_FLAG, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
    long pid = syscall(SYS_clone3, &how, sizeof how);
    close(fd);
    if (pid >= 0) return (pid_t)pid;
  }
  pid_t pid = fork();
  if (pid != 0) return pid;
  char path[512];
  snprintf(path, sizeof path, "%s/cgroup.procs", *cgroup);
  fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "0", 1) != 1) *cgroup = "";
  if (fd >= 0) close(fd);
  return 0;
}

/*
 * The pipes of a script that is typed into, made and opened before anybody is told of the run: `stdin`, which the script reads;
 * `hold`, which somebody opens to end that; and the writing end of `stdin`, which stays open here until then.
 */
static bool open_typed(struct order *order, int folder) {
  if (order->input != INPUT_TYPED) return true;
  const char *names[] = {"stdin", "hold", "stdin"};
  const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
  for (int i = 0; i < 3; i += 1) {
    if (i < 2 && mkfifoat(folder, names[i], 0600) != 0 && errno != EEXIST) return false;
    order->typed[i] = openat(folder, names[i], modes[i] | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (order->typed[i] < 0) return false;
  }
  return true;
}

/* Opens the folder of a run under the name that it has now. It changes its name once, at any moment. Returns -1 when it has none. */
static int open_folder(const struct order *order) {
  int folder = open(order->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return folder >= 0 || errno != ENOENT ? folder : open(order->later, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A runner that waits for the word. */
struct held {
  uint32_t number;
  int gate; /* where it is said */
  pid_t pid;
  bool gone;
};
static struct held *held_runs;
static size_t held_count, held_room;

static struct held *find_held(uint32_t number) {
  for (size_t i = 0; i < held_count; i += 1)
    if (held_runs[i].number == number) return &held_runs[i];
  return NULL;
}

static void forget_held(struct held *held) {
  close(held->gate);
  *held = held_runs[held_count - 1];
  held_count -= 1;
}

/* Makes room for one more. Returns false without memory. */
static bool room_for_held(void) {
  if (held_count < held_room) return true;
  size_t room = held_room == 0 ? 16 : held_room * 2;
  struct held *more = realloc(held_runs, room * sizeof *more);
  if (more == NULL) return false;
  held_runs = more;
  held_room = room;
  return true;
}

/* Answers. Returns false when nobody reads it. */
__attribute__((format(printf, 1, 2))) static bool answer(const char *format, ...) {
  char line[64];
  va_list values;
  va_start(values, format);
  int size = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  return write_all(1, line, (size_t)size);
}

/* Forks the runner of one order, which makes ready and waits. Returns false when nobody reads the answer, which only a failure has. */
static bool hold_run(uint32_t number, struct reader reader, char *bytes, size_t length, int signals, char *title) {
  struct order order;
  int gate[2] = {-1, -1}, folder = -1;
  pid_t pid = -1;
  if (!read_order(&order, reader)) errno = EBADMSG;
  else if (!room_for_held()) errno = ENOMEM;
  else if ((folder = open_folder(&order)) >= 0 && pipe2(gate, O_CLOEXEC) == 0 && open_typed(&order, folder)) pid = fork_into(&order.cgroup);
  int problem = errno;
  if (pid == 0) {
    setsid();
    (void)prctl(PR_SET_NAME, "toru-runner");
    memcpy(title, "running", 7);
    /* Whoever else held the end of a gate would keep its runner waiting when the spawner is gone. */
    for (size_t i = 0; i < held_count; i += 1) close(held_runs[i].gate);
    close(gate[1]);
    if (!clear_descriptors(&signals, 1)) _exit(1);
    _exit(be_runner(&order, bytes, length, folder, gate[0]));
  }
  close_fd(&folder);
  close_fd(&gate[0]);
  for (int i = 0; i < 3; i += 1) close_fd(&order.typed[i]);
  free_order(&order);
  if (pid > 0) {
    held_runs[held_count++] = (struct held){number, gate[1], pid, false};
    return true;
  }
  close_fd(&gate[1]);
  return answer("failed %u %d\n", number, problem);
}

/* Says the word to a runner that waits, and answers. Returns false when nobody reads the answer. */
static bool let_run(uint32_t number) {
  struct held *held = find_held(number);
  /* It could not be held, which was said then. */
  if (held == NULL) return true;
  /* One that has ended does not hear it. */
  (void)write_all(held->gate, "g", 1);
  struct held was = *held;
  forget_held(held);
  return answer("started %u %d\n", number, (int)was.pid) && (!was.gone || answer("gone %d\n", (int)was.pid));
}

/* Takes one message. Returns false when nobody reads the answer. */
static bool take_message(char *bytes, size_t length, int signals, char *title) {
  struct reader reader = {bytes, bytes + length, false};
  uint32_t word = read_number(&reader), number = read_number(&reader);
  if (reader.bad) return true;
  if (word == HOLD) return hold_run(number, reader, bytes, length, signals, title);
  if (word == GO) return let_run(number);
  struct held *held = word == DROP ? find_held(number) : NULL;
  if (held != NULL) forget_held(held);
  return true;
}

/* Tells of the runners that have ended. Returns false when nobody reads that. */
static bool tell_gone(int signals) {
  struct signalfd_siginfo ignored;
  while (read(signals, &ignored, sizeof ignored) > 0) continue;
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
    bool was_held = false;
    for (size_t i = 0; i < held_count; i += 1) {
      if (held_runs[i].pid != pid || held_runs[i].gone) continue;
      /* Nobody has heard of it yet. */
      held_runs[i].gone = was_held = true;
    }
    if (!was_held && !answer("gone %d\n", (int)pid)) return false;
  }
  return true;
}

static char *read_frame(int fd, uint32_t *length) {
  if (!read_all(fd, (char *)length, sizeof *length) || *length > MAX_ORDER_BYTES) return NULL;
  char *bytes = malloc((size_t)*length + 1);
  if (bytes == NULL || read_all(fd, bytes, *length)) return bytes;
  free(bytes);
  return NULL;
}

/* Keeps nothing that the agent was started with, or has open. */
static void close_others(void) {
  if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0) return;
  for (int fd = 3; fd < 65536; fd += 1) close(fd);
}

/* Takes orders until the agent has gone. The runners go on. */
static int be_spawner(char *title) {
  close_others();
  const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i += 1) (void)signal(ignored[i], SIG_IGN);
  /* No other process of the same user looks into its memory, where tokens and secrets are, nor into that of its runners. */
  (void)prctl(PR_SET_DUMPABLE, 0);
  (void)prctl(PR_SET_NAME, "toru-spawner");
  sigset_t child, blocked;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  blocked = child;
  sigaddset(&blocked, SIGRTMIN);
  int signals = sigprocmask(SIG_SETMASK, &blocked, NULL) == 0 ? signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
  try_signals();
  char hello[160];
  int size = snprintf(hello, sizeof hello, "runner %d %s\n", PROTOCOL, SOURCE_HASH);
  if (signals < 0 || !write_all(1, hello, (size_t)size)) return 1;
  for (;;) {
    struct pollfd fds[] = {{0, POLLIN, 0}, {signals, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0 && !tell_gone(signals)) return 0;
    if (fds[0].revents == 0) continue;
    uint32_t length;
    char *bytes = read_frame(0, &length);
    if (bytes == NULL) return 0;
    bool told = take_message(bytes, length, signals, title);
    explicit_bzero(bytes, length);
    free(bytes);
    if (!told) return 0;
  }
}

#ifdef FUZZ
/* Looking for leaks needs a debugger's rights, which the runner gives nobody. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "detect_leaks=0";
}

/* Reads messages with orders and starts none: says how many were good. */
static int read_orders(void) {
  unsigned good = 0;
  uint32_t length;
  for (char *bytes; (bytes = read_frame(0, &length)) != NULL; free(bytes)) {
    struct order order;
    struct reader reader = {bytes, bytes + length, false};
    bool is_hold = read_number(&reader) == HOLD;
    (void)read_number(&reader);
    good += is_hold && read_order(&order, reader) ? 1 : 0;
    if (is_hold) free_order(&order);
  }
  printf("%u\n", good);
  return 0;
}
#endif

int main(int argc, char **argv) {
#ifdef FUZZ
  if (argc == 2 && strcmp(argv[1], "orders") == 0) return read_orders();
#endif
  if (argc == 2 && strcmp(argv[1], "spawner") == 0) return be_spawner(argv[1]);
  dprintf(2, "This program runs scripts for the agent of Toru, which starts it. Source: %s\n", SOURCE_HASH);
  return 2;
}
