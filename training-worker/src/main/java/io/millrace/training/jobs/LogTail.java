package io.millrace.training.jobs;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The end of a trainer's log.
 *
 * @param text at most 64 KiB
 */
record LogTail(String text) {

  private static final int MOST_BYTES = 64 * 1024;
  private static final int LINES = 5;
  private static final int MOST_CHARACTERS = 1000;

  static LogTail of(Path log) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.max(0, file.length() - MOST_BYTES);
      byte[] bytes = new byte[(int) (file.length() - from)];
      file.seek(from);
      file.readFully(bytes);
      return new LogTail(new String(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      return new LogTail("");
    }
  }

  boolean has(String words) {
    return text.contains(words);
  }

  /** The last lines that say something, as one line. */
  String lastWords() {
    List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
    String last =
        String.join(" | ", lines.subList(Math.max(0, lines.size() - LINES), lines.size()));
    if (last.isEmpty()) {
      return "(none)";
    }
    return last.length() <= MOST_CHARACTERS
        ? last
        : "..." + last.substring(last.length() - MOST_CHARACTERS);
  }
}
