package io.millrace.artifact.datasets;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a version is, as one line of JSON with a fixed order of keys, so that anyone can check its
 * digest.
 *
 * @param json the line, without a line end
 */
record Manifest(String json) {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  static Manifest of(DatasetName name, int version, NewVersion of) {
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("name", name.value());
    manifest.put("version", version);
    if (of.table() != null) {
      manifest.put("content", entry(of.table(), false));
    }
    manifest.put("files", of.files().stream().map(file -> entry(file, true)).toList());
    manifest.put("rows", of.rows());
    manifest.put("schema", MAPPER.readTree(of.schema().toJson()));
    return new Manifest(MAPPER.writeValueAsString(manifest));
  }

  private static Map<String, Object> entry(VersionFile file, boolean withPath) {
    Map<String, Object> entry = new LinkedHashMap<>();
    if (withPath) {
      entry.put("path", file.path().value());
    }
    entry.put("sha256", file.object().sha256());
    entry.put("size", file.object().size());
    entry.put("mediaType", file.mediaType());
    return entry;
  }

  /** SHA-256 of the UTF-8 bytes, 64 lower-case hex digits. */
  String digest() {
    return HexFormat.of()
        .formatHex(NewVersion.sha256().digest(json.getBytes(StandardCharsets.UTF_8)));
  }
}
