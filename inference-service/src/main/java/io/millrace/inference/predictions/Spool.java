package io.millrace.inference.predictions;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events on disk in the order they were added, until they are taken. Append-only segments; each
 * entry is `length, crc32c, id (16 bytes), bytes`. What was appended survives the death of the
 * process (not of the machine: nothing waits for the disk). A tail torn by a crash is dropped. Safe
 * for many threads of the one process that holds it.
 */
final class Spool implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Spool.class);
  private static final String SEGMENT = ".spool";
  private static final String LOCK = "lock";
  private static final String POSITION = "position";
  private static final int HEAD = 8;
  private static final int ID = 16;
  private static final int LARGEST_ENTRY = 4 << 20;
  private static final long SEGMENT_SIZE = 16L << 20;
  private static final int SLOTS = 64;

  /** An entry. */
  record Entry(UUID id, byte[] bytes) {}

  /** Entries read, and the place after them. */
  record Batch(List<Entry> entries, long segment, long end) {}

  private final Path directory;
  private final FileChannel lockFile;
  private final long limit;
  private final TreeMap<Long, Long> segments = new TreeMap<>();
  private @Nullable FileChannel tail;
  private long readOffset;
  private long bytes;

  private Spool(Path directory, FileChannel lockFile, long limit) {
    this.directory = directory;
    this.lockFile = lockFile;
    this.limit = limit;
  }

  /**
   * Takes the first free sub-folder, with what an earlier process left there, and what lies in
   * other folders that nobody holds.
   *
   * @throws UncheckedIOException where the folder cannot be written
   */
  static Spool open(Path parent, long limit) {
    try {
      Files.createDirectories(parent);
      for (int slot = 0; slot < SLOTS; slot++) {
        Path directory = parent.resolve(Integer.toString(slot));
        Files.createDirectories(directory);
        FileChannel lockFile = tryLock(directory);
        if (lockFile != null) {
          Spool spool = new Spool(directory, lockFile, limit);
          spool.recover();
          for (int other = slot + 1; other < SLOTS; other++) {
            spool.adopt(parent.resolve(Integer.toString(other)));
          }
          return spool;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the folder of millrace.inference.spool-dir, " + parent + ", cannot be written", e);
    }
    throw new IllegalStateException(
        "all "
            + SLOTS
            + " folders in "
            + parent
            + " are held by other processes; give this one"
            + " its own millrace.inference.spool-dir");
  }

  /** Adds an entry; false where it would grow beyond the limit. */
  synchronized boolean append(UUID id, byte[] entry) {
    long size = HEAD + ID + entry.length;
    if (bytes + size > limit) {
      return false;
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) size);
    buffer.putInt(ID + entry.length).putInt(0);
    buffer.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).put(entry);
    buffer.putInt(4, checksum(buffer.array(), HEAD, ID + entry.length)).flip();
    try {
      FileChannel out = tail();
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
      segments.merge(segments.lastKey(), size, Long::sum);
      bytes += size;
      return true;
    } catch (IOException e) {
      log.error("Cannot append to {}: {}", directory, e.toString());
      dropTail();
      return false;
    }
  }

  /** The oldest entries, at most that many; empty where there is nothing. */
  synchronized Batch peek(int most) {
    List<Entry> entries = new ArrayList<>();
    while (!segments.isEmpty()) {
      long segment = segments.firstKey();
      long end = readOffset;
      Path file = file(segment);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        channel.position(readOffset);
        try (DataInputStream in = new DataInputStream(Channels.newInputStream(channel))) {
          while (entries.size() < most && end < length(segment)) {
            Entry entry = read(in);
            if (entry == null) {
              log.warn("{} is damaged after byte {}; the rest of it is dropped", file, end);
              bytes -= length(segment) - end;
              segments.put(segment, end);
              break;
            }
            entries.add(entry);
            end += HEAD + ID + entry.bytes().length;
          }
        }
      } catch (IOException e) {
        log.error("Cannot read {}: {}", file, e.toString());
        return new Batch(List.of(), segment, readOffset);
      }
      if (!entries.isEmpty()) {
        return new Batch(entries, segment, end);
      }
      removeFirst();
    }
    return new Batch(List.of(), 0, 0);
  }

  /** Forgets the entries of a batch, which must be the oldest. */
  synchronized void taken(Batch batch) {
    if (segments.isEmpty() || segments.firstKey() != batch.segment()) {
      return;
    }
    bytes -= batch.end() - readOffset;
    readOffset = batch.end();
    if (readOffset >= length(batch.segment())) {
      removeFirst();
    }
    try {
      remember();
    } catch (IOException e) {
      log.warn("Cannot remember the position in {}: {}", directory, e.toString());
    }
  }

  /** Bytes not yet taken. */
  synchronized long bytes() {
    return bytes;
  }

  /** True where there is nothing to take. */
  synchronized boolean isEmpty() {
    return bytes == 0;
  }

  @Override
  public synchronized void close() {
    dropTail();
    try {
      lockFile.close();
    } catch (IOException e) {
      log.debug("Closing the lock of {}", directory, e);
    }
  }

  private void recover() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(f -> f.toString().endsWith(SEGMENT)).toList()) {
        String name = file.getFileName().toString();
        long number = Long.parseLong(name.substring(0, name.length() - SEGMENT.length()));
        long whole = wholeLength(file);
        if (whole < Files.size(file)) {
          log.warn("{} ends in a torn entry, which is dropped", file);
        }
        segments.put(number, whole);
        bytes += whole;
      }
    }
    Path position = directory.resolve(POSITION);
    if (Files.exists(position) && !segments.isEmpty()) {
      String[] parts = Files.readString(position).strip().split(" ", -1);
      if (parts.length == 2 && parts[0].equals(Long.toString(segments.firstKey()))) {
        readOffset = Math.min(Long.parseLong(parts[1]), segments.firstEntry().getValue());
        bytes -= readOffset;
      }
    }
  }

  /** Takes over the segments of a folder whose process is gone. */
  private void adopt(Path other) throws IOException {
    if (!Files.isDirectory(other)) {
      return;
    }
    FileChannel otherLock = tryLock(other);
    if (otherLock == null) {
      return;
    }
    try (otherLock;
        Spool left = new Spool(other, otherLock, Long.MAX_VALUE)) {
      left.recover();
      for (Batch batch = left.peek(500); !batch.entries().isEmpty(); batch = left.peek(500)) {
        for (Entry entry : batch.entries()) {
          if (!append(entry.id(), entry.bytes())) {
            log.warn("{} does not fit here and stays where it is", other);
            return;
          }
        }
        left.taken(batch);
      }
    }
  }

  private static @Nullable FileChannel tryLock(Path directory) throws IOException {
    FileChannel file =
        FileChannel.open(
            directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = file.tryLock();
      if (lock != null) {
        return file;
      }
    } catch (OverlappingFileLockException e) {
      log.debug("{} is held in this process", directory);
    }
    file.close();
    return null;
  }

  private FileChannel tail() throws IOException {
    FileChannel current = tail;
    if (current != null && segments.lastEntry().getValue() < SEGMENT_SIZE) {
      return current;
    }
    dropTail();
    long next = segments.isEmpty() ? System.currentTimeMillis() : segments.lastKey() + 1;
    while (Files.exists(file(next))) {
      next++;
    }
    FileChannel opened =
        FileChannel.open(file(next), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    segments.put(next, 0L);
    tail = opened;
    return opened;
  }

  private void dropTail() {
    FileChannel current = tail;
    tail = null;
    if (current != null) {
      try {
        current.close();
      } catch (IOException e) {
        log.debug("Closing a segment of {}", directory, e);
      }
    }
  }

  private void removeFirst() {
    long first = segments.firstKey();
    if (segments.size() == 1) {
      dropTail();
    }
    bytes -= Math.max(0, length(first) - readOffset);
    segments.remove(first);
    readOffset = 0;
    try {
      Files.deleteIfExists(file(first));
    } catch (IOException e) {
      log.warn("Cannot delete {}: {}", file(first), e.toString());
    }
  }

  private void remember() throws IOException {
    Path position = directory.resolve(POSITION);
    if (segments.isEmpty()) {
      Files.deleteIfExists(position);
      return;
    }
    Path next = directory.resolve(POSITION + ".next");
    Files.writeString(next, segments.firstKey() + " " + readOffset, StandardCharsets.UTF_8);
    Files.move(next, position, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private long length(long segment) {
    return segments.getOrDefault(segment, 0L);
  }

  private Path file(long segment) {
    return directory.resolve(segment + SEGMENT);
  }

  private static long wholeLength(Path file) throws IOException {
    long end = 0;
    try (InputStream raw = Files.newInputStream(file);
        DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(raw, 1 << 16))) {
      for (Entry entry = read(in); entry != null; entry = read(in)) {
        end += HEAD + ID + entry.bytes().length;
      }
    }
    return end;
  }

  /** The next entry, or null where there is no whole one. */
  private static @Nullable Entry read(DataInputStream in) throws IOException {
    try {
      int length = in.readInt();
      int crc = in.readInt();
      if (length < ID || length > LARGEST_ENTRY) {
        return null;
      }
      byte[] body = new byte[length];
      in.readFully(body);
      if (checksum(body, 0, length) != crc) {
        return null;
      }
      ByteBuffer buffer = ByteBuffer.wrap(body);
      UUID id = new UUID(buffer.getLong(), buffer.getLong());
      byte[] entry = new byte[length - ID];
      buffer.get(entry);
      return new Entry(id, entry);
    } catch (EOFException e) {
      return null;
    }
  }

  private static int checksum(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
