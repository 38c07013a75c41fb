package io.millrace.cli.porting;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A body that was read to its end before it is used: small ones in memory, others in a temporary
 * file that goes when it is closed.
 */
final class Spool implements AutoCloseable {

  private static final int IN_MEMORY = 4 << 20;

  private final InputStream bytes;
  private final @Nullable Path file;

  private Spool(InputStream bytes, @Nullable Path file) {
    this.bytes = bytes;
    this.file = file;
  }

  static Spool of(InputStream body) throws IOException {
    var head = new ByteArrayOutputStream();
    head.write(body.readNBytes(IN_MEMORY));
    if (head.size() < IN_MEMORY) {
      return new Spool(new ByteArrayInputStream(head.toByteArray()), null);
    }
    var file = Files.createTempFile("millrace-import", ".json");
    try (OutputStream out = Files.newOutputStream(file)) {
      head.writeTo(out);
      body.transferTo(out);
    }
    return new Spool(Files.newInputStream(file, StandardOpenOption.DELETE_ON_CLOSE), file);
  }

  InputStream bytes() {
    return bytes;
  }

  @Override
  public void close() {
    try {
      bytes.close();
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException leftInTheTemporaryFolder) {
      return;
    }
  }
}
