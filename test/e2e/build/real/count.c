#include "words.h"
#include <string.h>

int main(int argc, char **argv) {
  FILE *file = argc < 2 || strcmp(argv[1], "-") == 0 ? stdin : fopen(argv[1], "r");
  if (file == NULL) {
    perror(argv[1]);
    return 1;
  }
  printf("%ld words\n", words(file));
  return 0;
}
