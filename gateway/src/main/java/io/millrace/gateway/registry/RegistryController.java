package io.millrace.gateway.registry;

import io.millrace.schemas.RegisteredSchema;
import io.millrace.schemas.SchemaCatalogue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaParseException;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The schema catalogue under the paths of a Confluent-compatible registry, read-only: kafkajs,
 * confluent-kafka and kcat decode and encode with it unchanged. A schema that is in the catalogue
 * can be "registered", which answers its id; a new one is refused, because schemas change in the
 * source, where their compatibility is tested.
 */
@RestController
@RequestMapping(
    value = "/schema-registry",
    produces = {RegistryController.MEDIA_TYPE, MediaType.APPLICATION_JSON_VALUE})
class RegistryController {

  static final String MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";

  private static final int SUBJECT_NOT_FOUND = 40401;
  private static final int VERSION_NOT_FOUND = 40402;
  private static final int SCHEMA_NOT_FOUND = 40403;
  private static final int INVALID_SCHEMA = 42201;
  private static final int INVALID_VERSION = 42202;
  private static final int NOT_PERMITTED = 42205;

  private final SchemaCatalogue catalogue = SchemaCatalogue.load();

  /**
   * A refusal in the registry's form: five digits, of which the first three are the HTTP status.
   */
  private static final class RegistryFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int code;

    RegistryFailure(int code, String message) {
      super(message);
      this.code = code;
    }
  }

  /** Body of the calls that send a schema. */
  record SchemaRequest(String schema) {}

  @ExceptionHandler(RegistryFailure.class)
  ResponseEntity<Map<String, Object>> refused(RegistryFailure failure) {
    return ResponseEntity.status(failure.code / 100)
        .contentType(MediaType.parseMediaType(MEDIA_TYPE))
        .body(Map.of("error_code", failure.code, "message", String.valueOf(failure.getMessage())));
  }

  @GetMapping({"", "/"})
  Map<String, Object> root() {
    return Map.of();
  }

  @GetMapping("/subjects")
  List<String> subjects() {
    return all().map(RegisteredSchema::subject).distinct().sorted().toList();
  }

  @GetMapping("/subjects/{subject}/versions")
  List<Integer> versions(@PathVariable String subject) {
    return of(subject).stream().map(RegisteredSchema::version).toList();
  }

  @GetMapping("/subjects/{subject}/versions/{version}")
  Map<String, Object> version(@PathVariable String subject, @PathVariable String version) {
    return described(find(subject, version));
  }

  @GetMapping("/subjects/{subject}/versions/{version}/schema")
  String versionSchema(@PathVariable String subject, @PathVariable String version) {
    return find(subject, version).schema().toString();
  }

  @GetMapping("/subjects/{subject}/versions/{version}/referencedby")
  List<Integer> referencedBy(@PathVariable String subject, @PathVariable String version) {
    find(subject, version);
    return List.of();
  }

  @GetMapping("/schemas")
  List<Map<String, Object>> schemas() {
    return all().map(RegistryController::described).toList();
  }

  @GetMapping("/schemas/types")
  List<String> types() {
    return List.of("AVRO");
  }

  @GetMapping("/schemas/ids/{id}")
  Map<String, Object> byId(@PathVariable int id) {
    return Map.of("schema", withId(id).schema().toString());
  }

  @GetMapping("/schemas/ids/{id}/schema")
  String schemaById(@PathVariable int id) {
    return withId(id).schema().toString();
  }

  @GetMapping("/schemas/ids/{id}/subjects")
  List<String> subjectsOf(@PathVariable int id) {
    return List.of(withId(id).subject());
  }

  @GetMapping("/schemas/ids/{id}/versions")
  List<Map<String, Object>> versionsOf(@PathVariable int id) {
    var schema = withId(id);
    return List.of(Map.of("subject", schema.subject(), "version", schema.version()));
  }

  @GetMapping({"/config", "/config/{subject}"})
  Map<String, Object> config() {
    return Map.of("compatibilityLevel", "BACKWARD_TRANSITIVE");
  }

  @GetMapping({"/mode", "/mode/{subject}"})
  Map<String, Object> mode() {
    return Map.of("mode", "READONLY");
  }

  /** Looks a schema up under its subject. */
  @PostMapping("/subjects/{subject}")
  Map<String, Object> lookup(@PathVariable String subject, @RequestBody SchemaRequest request) {
    return described(matching(subject, request));
  }

  /** "Registers" a schema that is in the catalogue: answers its id. */
  @PostMapping("/subjects/{subject}/versions")
  Map<String, Object> register(@PathVariable String subject, @RequestBody SchemaRequest request) {
    try {
      return Map.of("id", matching(subject, request).id());
    } catch (RegistryFailure failure) {
      if (failure.code == INVALID_SCHEMA) {
        throw failure;
      }
      throw readOnly();
    }
  }

  @PutMapping({"/config", "/config/{subject}", "/mode", "/mode/{subject}"})
  void configure() {
    throw readOnly();
  }

  @DeleteMapping({"/subjects/{subject}", "/subjects/{subject}/versions/{version}"})
  void delete() {
    throw readOnly();
  }

  private static RegistryFailure readOnly() {
    return new RegistryFailure(
        NOT_PERMITTED,
        "This registry is read-only: schemas are changed in the module `schemas`, where their compatibility is tested.");
  }

  private Stream<RegisteredSchema> all() {
    return catalogue.all().stream();
  }

  private List<RegisteredSchema> of(String subject) {
    var found = all().filter(schema -> schema.subject().equals(subject)).toList();
    if (found.isEmpty()) {
      throw new RegistryFailure(SUBJECT_NOT_FOUND, "Subject '" + subject + "' not found.");
    }
    return found;
  }

  private RegisteredSchema find(String subject, String version) {
    var versions = of(subject);
    if (version.equals("latest") || version.equals("-1")) {
      return versions.getLast();
    }
    int number;
    try {
      number = Integer.parseInt(version);
    } catch (NumberFormatException e) {
      throw new RegistryFailure(
          INVALID_VERSION,
          "'" + version + "' is not a version: give a number from 1 up, or 'latest'.");
    }
    return versions.stream()
        .filter(schema -> schema.version() == number)
        .findFirst()
        .orElseThrow(
            () -> new RegistryFailure(VERSION_NOT_FOUND, "Version " + version + " not found."));
  }

  private RegisteredSchema withId(int id) {
    return all()
        .filter(schema -> schema.id() == id)
        .findFirst()
        .orElseThrow(() -> new RegistryFailure(SCHEMA_NOT_FOUND, "Schema " + id + " not found."));
  }

  private RegisteredSchema matching(String subject, SchemaRequest request) {
    Schema wanted;
    try {
      wanted = new Schema.Parser().parse(request.schema());
    } catch (SchemaParseException e) {
      throw new RegistryFailure(INVALID_SCHEMA, "The schema cannot be read: " + e.getMessage());
    }
    var form = SchemaNormalization.toParsingForm(wanted);
    return of(subject).stream()
        .filter(schema -> SchemaNormalization.toParsingForm(schema.schema()).equals(form))
        .findFirst()
        .orElseThrow(
            () ->
                new RegistryFailure(
                    SCHEMA_NOT_FOUND, "Subject '" + subject + "' has no such schema."));
  }

  private static Map<String, Object> described(RegisteredSchema schema) {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("subject", schema.subject());
    description.put("version", schema.version());
    description.put("id", schema.id());
    description.put("schemaType", "AVRO");
    description.put("schema", schema.schema().toString());
    return description;
  }
}
