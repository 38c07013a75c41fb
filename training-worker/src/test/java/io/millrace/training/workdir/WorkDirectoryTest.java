package io.millrace.training.workdir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkDirectoryTest {

  @TempDir Path root;

  @Test
  void endsTheTrainersOfDeadWorkersAndDeletesTheirFolders() throws Exception {
    RunDirectory left = open().open("run1", 1);
    Process orphan = new ProcessBuilder("sleep", "600").start();
    left.note(orphan.toHandle());
    Process dead = new ProcessBuilder("true").start();
    ProcessNote gone = ProcessNote.of(dead.toHandle());
    dead.waitFor();
    Files.writeString(left.path().resolve("worker.pid"), gone.text());

    open();

    await("orphan ended").until(() -> !orphan.isAlive());
    assertThat(left.path()).doesNotExist();
  }

  @Test
  void leavesTheFoldersOfLivingWorkers() throws IOException {
    RunDirectory living = open().open("run1", 1);
    open();
    assertThat(living.output()).isDirectory();
    living.close();
    assertThat(living.path()).doesNotExist();
  }

  @Test
  void takesNoOtherProcessForAWorkerThatHadItsNumber() throws IOException {
    RunDirectory left = open().open("run1", 1);
    Files.writeString(
        left.path().resolve("worker.pid"),
        ProcessHandle.current().pid() + " 2001-01-01T00:00:00Z\n");
    open();
    assertThat(left.path()).doesNotExist();
  }

  @Test
  void saysWhichFolderItCannotUse() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "");
    assertThatIllegalStateException()
        .isThrownBy(() -> new WorkDirectory(new WorkSettings(file)))
        .withMessageContaining("millrace.training.work-dir");
  }

  private WorkDirectory open() {
    return new WorkDirectory(new WorkSettings(root));
  }
}
