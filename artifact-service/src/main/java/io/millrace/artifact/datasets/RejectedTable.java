package io.millrace.artifact.datasets;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ContentDisposition;

/**
 * A push that was no table.
 *
 * @param file name its sender gave, at most 255 characters; without one that of the dataset
 * @param line of the fault, from 1
 * @param reason stable code
 * @param message what is wrong, at most 4000 characters
 */
record RejectedTable(
    DatasetName name,
    String file,
    long line,
    String reason,
    String message,
    Instant at,
    String createdBy) {

  private static final int LONGEST_FILE = 255;
  private static final int LONGEST_MESSAGE = 4000;

  RejectedTable {
    file = shortened(file, LONGEST_FILE);
    message = shortened(message, LONGEST_MESSAGE);
  }

  /**
   * The name of a file as the header Content-Disposition gives it.
   *
   * @param header null: there is none
   */
  static String file(@Nullable String header, DatasetName name) {
    String given = null;
    if (header != null) {
      try {
        given = ContentDisposition.parse(header).getFilename();
      } catch (IllegalArgumentException unreadable) {
        // A name nobody can read is no reason to refuse a table.
      }
    }
    String plain =
        given == null
            ? ""
            : given
                .substring(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1)
                .replaceAll("\\p{Cntrl}", "\ufffd");
    return plain.isBlank() ? name + ".csv" : plain;
  }

  private static String shortened(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most - 1) + "\u2026";
  }
}
