#include <stdio.h>

long words(FILE *file);
