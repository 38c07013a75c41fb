package io.millrace.cli;

import io.millrace.cli.Terminal.Style;
import io.millrace.cli.submit.Finding;
import io.millrace.cli.submit.GitProject;
import io.millrace.cli.submit.SubmitFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Asks for a training and binds its run to the committed code it was asked for with. */
@Command(
    name = "submit",
    description =
        "Train as `run` does, with the git commit of a project stored and named by the run.")
final class SubmitCommand implements Callable<Integer> {

  /** Exit status where the project has changes that are not committed. */
  static final int DIRTY = 4;

  private static final int MOST_SHOWN = 20;

  @ParentCommand @Nullable Millrace millrace;

  @Parameters(
      arity = "0..1",
      paramLabel = "PATH",
      description = "The project's folder, in a git repository (default: the working directory).")
  Path project = Path.of(".");

  @Option(
      names = {"-f", "--file"},
      required = true,
      paramLabel = "FILE",
      description = "The pipeline file.")
  @Nullable Path file;

  @Option(
      names = "--allow-dirty",
      description = "Store changes that are not committed as a diff, instead of refusing them.")
  boolean allowDirty;

  @Option(
      names = "--entry",
      paramLabel = "NAME",
      description = "The project's entry point, as the run shall name it (default: main).")
  String entry = "main";

  @Mixin TrainingOptions training = new TrainingOptions();

  @Option(names = "--check", description = "Only say what would be refused or worth knowing.")
  boolean check;

  @Override
  public Integer call() throws IOException {
    var root = Objects.requireNonNull(millrace);
    var terminal = root.terminal();
    var pipelineFile = Objects.requireNonNull(file);
    var definition = RunCommand.read(pipelineFile);
    var pipeline = RunCommand.pipeline(pipelineFile, definition);
    try {
      var git = GitProject.at(project);
      var state = git.inspect();
      tell(terminal, state);
      if (state.dirty() && !allowDirty) {
        throw new CliFailure(
            DIRTY,
            "Nothing was submitted: the commit is not all of what is in %s. Commit, or store the changes as a diff with --allow-dirty."
                .formatted(project));
      }
      if (check) {
        return 0;
      }
      try (var gateway = root.client()) {
        training.pushData(gateway, terminal, pipeline);
        var code = store(gateway, terminal, git, state);
        RunCommand.apply(gateway, terminal, definition);
        return training.ask(gateway, terminal, pipeline, Map.of("code", code));
      }
    } catch (SubmitFailure e) {
      throw new CliFailure(String.valueOf(e.getMessage()));
    }
  }

  private static void tell(Terminal terminal, GitProject.State state) {
    terminal.line(
        "code      commit %.12s%s%s"
            .formatted(
                state.commit(),
                state.branch() == null ? "" : " on " + state.branch(),
                state.repository() == null ? "" : " of " + state.repository()));
    for (var kind : Finding.Kind.values()) {
      var found = state.findings().stream().filter(finding -> finding.kind() == kind).toList();
      if (!found.isEmpty()) {
        terminal.line(
            terminal.styled(
                kind.dirty() ? Style.RED : Style.YELLOW,
                "          %s (%s):".formatted(kind.words(), kind.remedy())));
        found.stream().limit(MOST_SHOWN).forEach(it -> terminal.line("            " + it.what()));
        if (found.size() > MOST_SHOWN) {
          terminal.line("            and %d more".formatted(found.size() - MOST_SHOWN));
        }
      }
    }
  }

  /** Stores package and diff under their SHA-256; what is there already is not sent again. */
  private Map<String, Object> store(
      GatewayClient gateway, Terminal terminal, GitProject git, GitProject.State state)
      throws IOException {
    var archive = Files.createTempFile("millrace-project", ".tar.gz");
    var diff = Files.createTempFile("millrace-project", ".diff");
    try {
      Map<String, Object> code = new LinkedHashMap<>();
      code.put("commit", state.commit());
      code.put("branch", state.branch());
      code.put("repository", state.repository());
      code.put("subdirectory", state.subdirectory());
      code.put("entryPoint", entry);
      code.put(
          "archive",
          stored(gateway, terminal, git.archive(archive), "project.tar.gz", "application/gzip"));
      code.put("diff", state.dirty() ? changes(gateway, terminal, git, state, diff) : null);
      return code;
    } finally {
      for (var temporary : List.of(archive, diff)) {
        Files.deleteIfExists(temporary);
      }
    }
  }

  private static Map<String, Object> changes(
      GatewayClient gateway, Terminal terminal, GitProject git, GitProject.State state, Path file) {
    var packed = git.diff(file);
    var beyondSubmodules =
        state.findings().stream()
            .anyMatch(it -> it.kind().dirty() && it.kind() != Finding.Kind.DIRTY_SUBMODULE);
    if (packed.size() == 0 && beyondSubmodules) {
      throw new CliFailure("The project changed while it was packed. Submit it again.");
    }
    return stored(gateway, terminal, packed, "uncommitted.diff", "text/x-diff");
  }

  private static Map<String, Object> stored(
      GatewayClient gateway,
      Terminal terminal,
      GitProject.Packed packed,
      String name,
      String mediaType) {
    var path = "projects/" + packed.sha256() + "/" + name;
    var sent = gateway.storeArtifact(path, packed.file(), packed.sha256());
    terminal.line(
        "stored    %s, %d bytes, sha256 %.12s…%s"
            .formatted(name, packed.size(), packed.sha256(), sent ? "" : " (stored before)"));
    return Map.of(
        "uri",
        "mlflow-artifacts:/" + path,
        "mediaType",
        mediaType,
        "sha256",
        packed.sha256(),
        "size",
        packed.size());
  }
}
