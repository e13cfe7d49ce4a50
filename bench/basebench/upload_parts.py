#!/usr/bin/python3
"""upload_parts.py URL: makes standard input an object, in parts of 16 MiB that curl uploads, two at a time.

A part is held in memory, never on disk; curl signs and sends it, with the SHA-256 of its bytes. The limit that
bench/base compares with ends in this.
"""
import hashlib
import mmap
import os
import queue
import subprocess
import sys
import threading

PART_SIZE = 16 * 1024 * 1024
UPLOADERS = 2
READ_AT_ONCE = 1024 * 1024


class Part:
    """Memory that curl can open as a file."""

    def __init__(self):
        self.file = os.memfd_create("part", 0)
        os.ftruncate(self.file, PART_SIZE)
        self.memory = mmap.mmap(self.file, PART_SIZE)
        self.view = memoryview(self.memory)
        self.size = 0

    def fill(self, source):
        """Whether there was anything left to read."""
        self.size = 0
        while self.size < PART_SIZE:
            count = os.readv(source, [self.view[self.size:self.size + READ_AT_ONCE]])
            if count == 0:
                os.ftruncate(self.file, self.size)  # the last one: nothing is written into it again
                break
            self.size += count
        return self.size > 0


class Upload:
    def __init__(self, url):
        self.url = url
        self.tags = {}
        self.id = self.between(self.curl("?uploads=", b"", "-X", "POST"), "<UploadId>", "</UploadId>")

    def curl(self, query, body, *words, digest=None):
        user = f"{os.environ['AWS_ACCESS_KEY_ID']}:{os.environ['AWS_SECRET_ACCESS_KEY']}"
        digest = digest or hashlib.sha256(body).hexdigest()
        data = ["--data-binary", "@-"] if body is not None else []
        done = subprocess.run(["curl", "-sSf", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", user,
                               "-H", f"x-amz-content-sha256: {digest}", "-H", "Content-Type: application/xml", *data,
                               *words, self.url + query], input=body, stdout=subprocess.PIPE, check=True,
                              close_fds=False)
        return done.stdout.decode()

    def put(self, number, part):
        digest = hashlib.sha256(part.view[:part.size]).hexdigest()
        self.tags[number] = self.curl(f"?partNumber={number}&uploadId={self.id}", None, "-T", f"/dev/fd/{part.file}",
                                      "-o", "/dev/null", "-w", "%header{etag}", digest=digest)

    def complete(self):
        parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
                        for number, tag in sorted(self.tags.items()))
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
        answer = self.curl(f"?uploadId={self.id}", body.encode())
        if "<Error>" in answer:
            raise RuntimeError(answer)

    @staticmethod
    def between(text, before, after):
        return text.split(before)[1].split(after)[0]


def main():
    upload = Upload(sys.argv[1])
    free, full = queue.Queue(), queue.Queue()
    problems = []
    for _ in range(UPLOADERS + 1):
        free.put(Part())

    def send():
        while (item := full.get()) is not None:
            try:
                upload.put(*item)
            except Exception as problem:
                problems.append(problem)
            free.put(item[1])

    threads = [threading.Thread(target=send) for _ in range(UPLOADERS)]
    for thread in threads:
        thread.start()
    number = 1
    while not problems and (part := free.get()).fill(0):
        full.put((number, part))
        number += 1
    for _ in threads:
        full.put(None)
    for thread in threads:
        thread.join()
    if problems:
        sys.exit(f"upload_parts.py: {problems[0]}")
    upload.complete()


if __name__ == "__main__":
    main()
