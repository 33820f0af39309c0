"""How often the commonest given names are given, in 100,000 births, girls and boys together.

Only the names that are nicknames or have some, from the public lists of the United States' Social Security Administration
(as Faker 40.63 has them). They decide nothing but which name a variant belongs to where it could belong to several.
"""

_LIST = """
michael 4560 david 3107 james 2960 jennifer 2922 john 2868 christopher 2784 robert 2694 matthew 2043 jessica 2005 william 2003
daniel 1888 lisa 1873 joseph 1860 brian 1598 kimberly 1559 amanda 1536 michelle 1527 elizabeth 1495 melissa 1489 joshua 1481
ashley 1477 sarah 1443 mark 1438 thomas 1434 kevin 1432 mary 1429 richard 1413 anthony 1378 stephanie 1360 andrew 1348 steven 1329
amy 1286 timothy 1263 jeffrey 1226 eric 1202 angela 1195 ryan 1128 nicole 1116 heather 1095 charles 1089 laura 1082 scott 1058
rebecca 1056 justin 1020 kelly 1012 nicholas 1002 jonathan 996 paul 927 emily 910 susan 890 rachel 876 christina 874 patricia 835
kenneth 832 julie 821 samantha 819 jacob 785 megan 769 gregory 768 stephen 768 cynthia 766 christine 749 brittany 726 patrick 715
lauren 702 andrea 675 aaron 674 danielle 667 maria 659 tiffany 659 katherine 658 benjamin 654 tammy 649 sandra 647 linda 644
crystal 637 jeremy 634 lori 604 jamie 600 zachary 592 pamela 582 ronald 577 brenda 574 donna 571 tracy 571 edward 570 donald 569
sara 562 erin 545 deborah 539 victoria 524 alexander 522 tina 519 teresa 506 kathleen 504 nathan 504 gary 502 nancy 502 samuel 498
courtney 485 barbara 484 jacqueline 481 sharon 480 anna 469 kayla 462 bryan 456 douglas 451 shawn 447 catherine 446 george 442
kristen 435 erica 434 peter 434 monica 432 hannah 419 kathryn 418 cheryl 417 debra 412 wendy 406 bradley 385 leslie 384 margaret
384 austin 379 vanessa 378 alicia 377 allison 374 alexis 372 diana 370 larry 366 natalie 366 kristin 361 raymond 349 theresa 349
terry 348 melanie 340 cindy 336 dennis 332 julia 330 frank 328 jill 325 alyssa 324 valerie 322 jerry 315 stacy 312 christian 310
derek 310 diane 306 katie 306 randy 302 veronica 302 carol 297 carrie 293 alexandra 284 gina 284 stacey 284 phillip 280 kathy 271
carolyn 265 lindsey 265 ann 263 jeffery 263 casey 262 marcus 260 brianna 254 kim 252 tony 251 cassandra 250 janet 249 vincent 249
corey 248 paula 248 sherry 245 antonio 239 alan 234 victor 234 philip 226 beth 225 heidi 224 laurie 220 sheila 220 lindsay 219
brandy 218 rodney 218 curtis 214 johnny 212 alex 211 erika 211 russell 210 anne 209 martin 209 melinda 208 angel 206 abigail 204
roger 204 carl 201 madison 201 leah 200 olivia 197 derrick 196 carla 195 regina 194 suzanne 194 sabrina 192 gabriel 191 nathaniel
189 danny 187 henry 186 ian 186 ricky 186 debbie 184 jack 184 connie 182 terri 182 caitlin 181 cameron 181 cory 181 billy 175
mitchell 175 natasha 174 wesley 173 felicia 172 molly 171 allen 168 bobby 167 lawrence 167 gerald 166 joe 162 jimmy 161 randall
161 janice 159 marissa 158 brittney 157 evan 157 jon 156 kara 155 walter 153 adrian 152 lynn 152 marie 152 alison 151 virginia 150
annette 149 caleb 149 kaitlyn 148 katelyn 148 meghan 148 marc 143 christy 142 miguel 142 miranda 142 cathy 141 jay 141 steve 141
andre 140 kendra 140 chris 139 willie 138 arthur 134 shelly 134 manuel 133 albert 132 roy 131 martha 129 sherri 129 emma 127 jeff
127 micheal 127 jodi 125 lee 122 luke 122 mike 122 sydney 122 jeremiah 121 louis 121 caroline 120 ricardo 120 joanna 118 calvin
117 gloria 116 audrey 114 edwin 112 garrett 112 glenn 111 angelica 110 frederick 110 judy 110 kristy 110 lucas 110 rachael 110
gabrielle 109 joyce 101 yvonne 101 isaac 100 nichole 100 beverly 99 jillian 99 brad 98 kristine 98 mariah 98 savannah 98
alexandria 96 becky 96 claudia 96 noah 96 darlene 95 jane 95 reginald 95 briana 94 harold 93 jenny 93 kelli 93 joy 92 shelley 92
roberto 91 ronnie 91 sheri 91 vicki 89 breanna 88 judith 87 traci 86 ana 85 betty 84 johnathan 84 penny 84 ralph 84 evelyn 83
shirley 83 jean 82 madeline 81 peggy 81 joan 80 bridget 79 eddie 79 kari 79 eugene 78 maurice 78 tommy 78 jeanette 77 leonard 76
mackenzie 76 ellen 75 ernest 75 maureen 75 shaun 75 jody 74 joanne 73 marvin 73 dorothy 72 gail 72 rita 72 howard 71 tim 71
jonathon 70 rose 70 vickie 70 julian 69 kaitlin 67 hailey 66 helen 64 isaiah 63 adrienne 62 dalton 62 greg 62 melvin 62 kerry 61
mathew 61 drew 60 elaine 60 theodore 60 alice 59 elijah 59 harry 59 marilyn 59 cole 58 kristopher 58 chloe 57 jackie 57 jake 57
jim 57 sheryl 57 candace 55 claire 55 frances 55 eileen 54 joann 54 sophia 54 charlotte 53 clifford 53 sally 53 jeanne 52 belinda
50 carly 50 sandy 50 tom 50 lorraine 49 caitlyn 48 hayley 48 loretta 48 eduardo 47 sue 47 roberta 46 cassidy 45 tricia 45 alec 44
daisy 44 dominic 44 gabriella 44 jo 44 makayla 44 rick 44 bill 43 faith 43 geoffrey 43 tabitha 43 tammie 42 gwendolyn 41 isabella
41 doris 40 fred 40 jackson 40 marcia 40 melody 40 tami 40 dan 39 karla 39 norman 39 stacie 39 don 38 edgar 38 patty 38 ray 38
chelsey 37 glen 37 lydia 37 pam 37 mandy 36 maxwell 36 nicolas 36 tasha 36 isabel 35 ivan 35 levi 35 priscilla 35 cassie 34
francis 33 kent 33 mercedes 33 alfred 32 kerri 32 max 31 mindy 31 angie 30 bernard 30 clarence 30 kellie 30 tracie 30 brady 28
dave 27 ross 27 leroy 26 lonnie 26 perry 26 gilbert 25 vernon 25 bob 24 franklin 24 gregg 24 leon 24 neil 24 rickey 24 stuart 24
gene 23 herbert 23"""

_WORDS = _LIST.split()
FREQUENCY = {name: int(count) for name, count in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
