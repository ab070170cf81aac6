"""First and last names of mixed origins, which are combined at random."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FEMALE_NAMES = _names(
    "Aaliyah Ada Adriana Aiko Alice Amara Amina Ana Anika Anna Aoife Astrid Ayse Beatriz "
    "Camila Carla Chiara Chloe Daniela Deepa Elena Elif Emma Esther Eva Fatima Freya Giulia "
    "Grace Hana Hannah Helena Ingrid Irina Isabel Jade Jana Julia Kamala Karin Katya Laila "
    "Laura Leah Lena Leticia Linh Lucia Magda Maria Marta Mei Mina Nadia Naomi Nina Noor Olga "
    "Olivia Petra Priya Rania Rosa Ruth Sana Sara Sofia Tamar Tara Thandi Valeria Vera Yara "
    "Yuki Zainab Zoe"
)
MALE_NAMES = _names(
    "Aaron Adam Ahmed Akira Alex Amir Anders Andrei Anton Arjun Arthur Bashir Bruno Carlos "
    "Chen Connor Daniel David Diego Dmitri Eduardo Emil Enzo Erik Farid Felix Finn Gabriel "
    "George Hassan Henrik Hugo Ibrahim Igor Isaac Ivan Jamal James Jan Javier Joao Jonas "
    "Jorge Kaito Karim Kenji Kofi Lars Leo Liam Luca Lukas Marco Mateo Mehmet Miguel Milan "
    "Minh Nikhil Noah Oliver Omar Oscar Pablo Pavel Rahul Rafael Ravi Samir Samuel Sean "
    "Sergio Stefan Tariq Thomas Tomas Victor Wei Yusuf Zoltan"
)
LAST_NAMES = _names(
    "Abebe Adeyemi Ahmed Almeida Andersen Bakker Banerjee Baran Becker Bianchi Boateng Borg "
    "Bose Brown Carvalho Castro Chen Chowdhury Clarke Cohen Costa Cruz Dahl Das Demir Diallo "
    "Dubois Eriksen Esposito Farah Ferrari Fischer Flores Fontaine Fujita Garcia Georgiou "
    "Gomez Green Gupta Haddad Hall Hansen Hassan Hoffman Horvat Hughes Ibrahim Ivanov Jansen "
    "Johansson Jones Kaya Keller Khan Kim Kovacs Kowalski Kumar Lambert Larsen Le Lee Levy "
    "Lopez Lund Makela Malik Mancini Marino Martin Mensah Meyer Mishra Moreau Moretti Murphy "
    "Nakamura Nguyen Nielsen Novak Nowak Okafor Okoye Olsen Ortiz Osei Papadakis Park Patel "
    "Pereira Petrov Popescu Quinn Ramirez Rao Reyes Ricci Rossi Roy Santos Sato Schmidt "
    "Sharma Silva Singh Smith Sorensen Suzuki Svensson Takahashi Taylor Torres Tran Turner "
    "Vargas Varga Visser Vogel Walker Wang Weber Williams Wilson Wong Wright Yamamoto Yilmaz "
    "Zhang"
)
