package io.millrace.cli.porting;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Which original became which copy, and how far each is: a file of JSON lines that only grows, one
 * line for every step, written before the next step is taken. A line that a kill cut short is cut
 * off. One process at a time holds the file. Safe for concurrent use.
 */
final class IdMap implements AutoCloseable {

  enum Kind {
    EXPERIMENT,
    RUN,
    LOGGED_MODEL,
    MODEL,
    VERSION;

    private final String word = name().toLowerCase(Locale.ROOT);
  }

  private static final int FORMAT = 1;

  private static final class Entry {
    private @Nullable String to;
    private @Nullable String print;
    private @Nullable String note;
    private boolean intended;
  }

  private final FileChannel channel;
  private final FileLock lock;
  private final Map<Kind, Map<String, Entry>> entries = new HashMap<>();
  private final Map<String, Map<String, Sink.StoredFile>> files = new HashMap<>();

  private IdMap(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
    for (var kind : Kind.values()) {
      entries.put(kind, new HashMap<>());
    }
  }

  /**
   * Opens the file of one source and one target, made where it is missing.
   *
   * @throws PortingFailure where it belongs to others or another process holds it
   */
  static IdMap open(Path file, String source, String target) {
    try {
      var folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      var channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      FileLock lock;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException e) {
        lock = null;
      }
      if (lock == null) {
        channel.close();
        throw new PortingFailure(
            "Another import or export is at work with " + file + ". Wait for its end.");
      }
      var map = new IdMap(channel, lock);
      map.read(file, source, target);
      return map;
    } catch (IOException e) {
      throw new PortingFailure("Cannot use the state file " + file + ": " + e.getMessage(), e);
    }
  }

  private void read(Path file, String source, String target) throws IOException {
    long whole = 0;
    try (var reader = Files.newBufferedReader(file)) {
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        var length = line.getBytes(StandardCharsets.UTF_8).length + 1;
        if (whole + length > channel.size()) {
          break;
        }
        JsonNode node;
        try {
          node = Messages.JSON.readTree(line);
        } catch (JacksonException e) {
          throw new PortingFailure(
              "%s is damaged at byte %d. Copies carry their origin as tags: name a new state file and they are found again."
                  .formatted(file, whole));
        }
        if (whole == 0) {
          requireOwn(file, node, source, target);
        } else {
          apply(node);
        }
        whole += length;
      }
    }
    channel.truncate(whole);
    channel.position(whole);
    if (whole == 0) {
      Map<String, Object> header = new LinkedHashMap<>();
      header.put("is", "header");
      header.put("format", FORMAT);
      header.put("source", source);
      header.put("target", target);
      append(header);
    }
  }

  private static void requireOwn(Path file, JsonNode header, String source, String target) {
    if (!header.path("is").asString("").equals("header")
        || header.path("format").asInt() != FORMAT) {
      throw new PortingFailure(file + " is not a state file of this version.");
    }
    var from = header.path("source").asString("");
    var to = header.path("target").asString("");
    if (!from.equals(source) || !to.equals(target)) {
      throw new PortingFailure(
          "%s is the state of copying %s to %s. Name another file with --state."
              .formatted(file, from, to));
    }
  }

  private void apply(JsonNode node) {
    var is = node.path("is").asString("");
    if (is.equals("file")) {
      remember(
          node.path("of").asString(""),
          new Sink.StoredFile(
              node.path("path").asString(""),
              node.path("sha256").asString(""),
              node.path("size").asLong()));
      return;
    }
    for (var kind : Kind.values()) {
      if (kind.word.equals(is)) {
        var entry = entry(kind, node.path("from").asString(""));
        switch (node.path("state").asString("")) {
          case "intended" -> entry.intended = true;
          case "created" -> {
            entry.to = node.path("to").asString("");
            entry.note = node.path("note").asString(null);
          }
          case "done" -> {
            entry.print = node.path("print").asString("");
            files.remove(node.path("of").asString(""));
          }
          case "undone" -> entry.print = null;
          default -> {}
        }
      }
    }
  }

  private Entry entry(Kind kind, String from) {
    return of(kind).computeIfAbsent(from, unused -> new Entry());
  }

  private Map<String, Entry> of(Kind kind) {
    return java.util.Objects.requireNonNull(entries.get(kind));
  }

  private void remember(String owner, Sink.StoredFile file) {
    files.computeIfAbsent(owner, unused -> new HashMap<>()).put(file.path(), file);
  }

  /** The copy of an original. */
  synchronized Optional<String> to(Kind kind, String from) {
    var entry = of(kind).get(from);
    return entry == null ? Optional.empty() : Optional.ofNullable(entry.to);
  }

  /** What was noted beside the copy. */
  synchronized Optional<String> note(Kind kind, String from) {
    var entry = of(kind).get(from);
    return entry == null ? Optional.empty() : Optional.ofNullable(entry.note);
  }

  /** True where a copy was about to be made and nobody knows whether it was. */
  synchronized boolean uncertain(Kind kind, String from) {
    var entry = of(kind).get(from);
    return entry != null && entry.intended && entry.to == null;
  }

  /** Whether the original was copied to the end, looking as it does now. */
  synchronized boolean unchanged(Kind kind, String from, String print) {
    var entry = of(kind).get(from);
    return entry != null && print.equals(entry.print);
  }

  synchronized boolean done(Kind kind, String from) {
    var entry = of(kind).get(from);
    return entry != null && entry.print != null;
  }

  synchronized void intend(Kind kind, String from) {
    entry(kind, from).intended = true;
    append(line(kind, from, "intended"));
  }

  synchronized void created(Kind kind, String from, String to, @Nullable String note) {
    var entry = entry(kind, from);
    entry.to = to;
    entry.note = note;
    var line = line(kind, from, "created");
    line.put("to", to);
    if (note != null) {
      line.put("note", note);
    }
    append(line);
  }

  synchronized void done(Kind kind, String from, String print, String owner) {
    entry(kind, from).print = print;
    files.remove(owner);
    var line = line(kind, from, "done");
    line.put("print", print);
    line.put("of", owner);
    append(line);
  }

  synchronized void undone(Kind kind, String from) {
    var entry = of(kind).get(from);
    if (entry != null && entry.print != null) {
      entry.print = null;
      append(line(kind, from, "undone"));
    }
  }

  synchronized void stored(String owner, Sink.StoredFile file) {
    remember(owner, file);
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("is", "file");
    line.put("of", owner);
    line.put("path", file.path());
    line.put("sha256", file.sha256());
    line.put("size", file.size());
    append(line);
  }

  synchronized Optional<Sink.StoredFile> stored(String owner, String path) {
    return Optional.ofNullable(files.getOrDefault(owner, Map.of()).get(path));
  }

  private static Map<String, Object> line(Kind kind, String from, String state) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("is", kind.word);
    line.put("from", from);
    line.put("state", state);
    return line;
  }

  private void append(Map<String, ?> line) {
    try {
      var bytes =
          ByteBuffer.wrap(
              (Messages.JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The state file cannot be written to", e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      channel.force(false);
      lock.release();
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
